"""Lengths of time in words: "8 minutes", "1 hour 30 minutes"."""

from __future__ import annotations

from django.utils.translation import gettext as _
from django.utils.translation import ngettext


def time_words(seconds: int) -> str:
    """Whole minutes, rounded down as a clock does; below one minute it says so."""
    hours, minutes = divmod(max(seconds, 0) // 60, 60)
    if not hours and not minutes:
        return _("less than a minute")
    parts = []
    if hours:
        parts.append(ngettext("%(count)s hour", "%(count)s hours", hours) % {"count": hours})
    if minutes:
        parts.append(ngettext("%(count)s minute", "%(count)s minutes", minutes) % {"count": minutes})
    return " ".join(parts)
