"""How numbers of certificates are written: formats such as {urut:04}/{kode}/{bulan_romawi}/{tahun}."""

from __future__ import annotations

import re
from datetime import date

from django.utils.translation import gettext as _

from academy.numerals import roman

NAMES = ("urut", "kode", "bulan_romawi", "tahun")
# As formats were written before templates; they are read for good.
ENGLISH = {"sequence": "urut", "code": "kode", "month_roman": "bulan_romawi", "year": "tahun"}
MANDATORY = ("urut", "tahun")
BRACED = re.compile(r"\{([^{}]*)\}")
WITH_WIDTH = re.compile(r"(\w+)(?::0?([1-9]))?")


class InvalidNumberFormat(ValueError):
    """The number format cannot be used; the text says why."""


def write(number_format: str, *, sequence: int, organiser_code: str, issued_on: date) -> str:
    """Fill in the format, such as {urut:04}/{kode}/{bulan_romawi}/{tahun}: 0412/BPSDMD/IX/2026.

    Only these four placeholders are known, also by their English names; a width pads the number with zeros. The format
    must hold the sequence and the year.
    """
    if found := problems(number_format):
        raise InvalidNumberFormat(" ".join(found))
    values = {
        "urut": str(sequence),
        "kode": organiser_code,
        "bulan_romawi": roman(issued_on.month),
        "tahun": str(issued_on.year),
    }

    def value(match: re.Match[str]) -> str:
        name, width = _parsed(match[1]) or ("", 0)
        return values[name].zfill(width)

    return BRACED.sub(value, number_format)


def in_indonesian(number_format: str) -> str:
    """The format with its English placeholders written as Indonesian ones; everything else stays."""

    def named(match: re.Match[str]) -> str:
        name, colon, width = match[1].partition(":")
        return f"{{{ENGLISH.get(name, name)}{colon}{width}}}"

    return BRACED.sub(named, number_format)


def problems(number_format: str) -> list[str]:
    """What is wrong with a format, each as a sentence that names it."""
    used = {text: _parsed(text) for text in BRACED.findall(number_format)}
    known = ", ".join(f"{{{name}}}" for name in ("urut:04", *NAMES[1:]))
    found = [
        _("{%(name)s} is not a placeholder of a number. Known are: %(known)s.") % {"name": text[:40], "known": known}
        for text, parsed in used.items()
        if parsed is None
    ]
    if set(BRACED.sub("", number_format)) & set("{}"):
        found.append(_("A brace stands alone: a placeholder is one word between { and }."))
    names = [parsed[0] for parsed in map(_parsed, BRACED.findall(number_format)) if parsed]
    there = set(names)
    # Each at most once, so that no number becomes longer than its column.
    found += [_("{%(name)s} stands more than once.") % {"name": name} for name in NAMES if names.count(name) > 1]
    found += [_("{%(name)s} is missing.") % {"name": name} for name in MANDATORY if name not in there]
    return found


def _parsed(text: str) -> tuple[str, int] | None:
    """The Indonesian name and the width; None for what is no placeholder."""
    match = WITH_WIDTH.fullmatch(text)
    name = match and ENGLISH.get(match[1], match[1])
    return (name, int(match[2] or 0)) if match and name in NAMES else None
