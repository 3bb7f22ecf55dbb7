"""A field of a form for many NIPs, typed or pasted from a spreadsheet."""

from __future__ import annotations

import re
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from academy.people import nip

MOST_NIPS = 5000
MOST_TOLD = 5


def nips_field(*, label: Any, required: bool) -> forms.CharField:
    return forms.CharField(
        label=label,
        required=required,
        strip=False,
        help_text=gettext_lazy("One per line, for example pasted from a column of a spreadsheet."),
        widget=forms.Textarea(attrs={"rows": 6, "spellcheck": "false", "autocomplete": "off"}),
    )


def nips_in(text: str) -> list[str]:
    """The numbers once each; ValidationError names the lines that hold none."""
    found: dict[str, None] = {}
    problems: list[str] = []
    for number, line in enumerate(text.splitlines(), start=1):
        for part in _numbers(line):
            try:
                found[nip.parse(part).digits] = None
            except nip.InvalidNip as problem:
                problems.append(_("Line %(line)d: %(problem)s") % {"line": number, "problem": problem})
    if len(found) > MOST_NIPS:
        problems.insert(0, _("At most %(most)d NIPs at once.") % {"most": MOST_NIPS})
    if len(problems) > MOST_TOLD:
        rest = len(problems) - MOST_TOLD
        problems[MOST_TOLD:] = [_("And %(count)d more lines.") % {"count": rest}]
    if problems:
        raise ValidationError(problems)
    return list(found)


def _numbers(line: str) -> list[str]:
    """The numbers of a line: several between commas or tabs, or grouped ones one after the other."""
    texts = []
    for part in re.split(r"[,;\t]", line):
        digits = nip.normalise(part.strip().lstrip("'’"))
        if digits.isascii() and digits.isdigit() and len(digits) > nip.LENGTH and len(digits) % nip.LENGTH == 0:
            texts += [digits[start : start + nip.LENGTH] for start in range(0, len(digits), nip.LENGTH)]
        elif digits:
            texts.append(digits)
    return texts
