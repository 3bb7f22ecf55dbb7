"""Placeholders that authors write into the words of a certificate: Indonesian words in braces, filled once at issue."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping

from django.utils.translation import gettext as _

PLACEHOLDER = re.compile(r"\{([^{}]*)\}")
# Nothing here that the public page hides: no NIP, no birth data.
KNOWN = (
    "pemerintah", "penyelenggara", "penyelenggara_singkat", "pelatihan", "angkatan", "edisi", "tanggal", "selesai",
    "jp", "jp_terbilang", "tempat", "nilai", "batas_lulus",
)  # fmt: skip
OF_PASSING = ("nilai", "batas_lulus")  # who attended has no score on paper


def fill(text: str, values: Mapping[str, str]) -> str:
    """The text with each placeholder replaced once: braces in a value stay as they are. KeyError for an unknown one."""
    return PLACEHOLDER.sub(lambda match: values[match[1]], text)


def problems(text: str, *, known: Collection[str], mandatory: Collection[str] = ()) -> list[str]:
    """What is wrong with the placeholders of a text, each as a sentence that names it; nothing if all is well."""
    used = PLACEHOLDER.findall(text)
    found = [
        _("{%(name)s} is not a placeholder here. Known are: %(known)s.")
        % {"name": name[:40], "known": ", ".join(f"{{{one}}}" for one in known)}
        for name in dict.fromkeys(used)
        if name not in known
    ]
    if set(PLACEHOLDER.sub("", text)) & set("{}"):
        found.append(_("A brace stands alone: a placeholder is one word between { and }."))
    return found + [_("{%(name)s} is missing.") % {"name": name} for name in mandatory if name not in used]
