"""A certificate by its number, which is no secret: only together with something that the paper or its owner knows.

An unknown number, a wrong second fact and a certificate that is not published get the same answer in the same time.
"""

from __future__ import annotations

import re
from datetime import date
from hmac import compare_digest

from django.db.models import QuerySet

from academy.people import nip
from academy.people.models import Organiser
from certificates import verification, wording
from certificates.models import Certificate
from certificates.verification import Verdict

LONGEST_TYPED = 200
MOST_CANDIDATES = 5
_DIGITS = re.compile(r"[0-9]+")
_SLASHES = str.maketrans("\\\u2044\u2215\uff0f\u2010\u2011\u2012\u2013\u2014\u2212", "////------")
_MONTHS = {name.casefold(): number for number, name in enumerate(wording.MONTHS, start=1)}
_DAY = re.compile(r"(?P<day>[0-9]{1,2})[\s./-]+(?P<month>[0-9]{1,2}|[a-z]+)[\s./-]+(?P<year>[0-9]{4})")
_ISO = re.compile(r"(?P<year>[0-9]{4})-(?P<month>[0-9]{2})-(?P<day>[0-9]{2})")


def look_up(number: str, second: str) -> Verdict | None:
    """The verdict if the number is registered and the second fact fits its holder; otherwise None, whatever was wrong.

    The second fact is the NIP or its last four digits, the date of birth that a NIP holds, or the name.
    """
    number = normalise(number)
    found = None
    for certificate in _candidates(number)[:MOST_CANDIDATES]:
        if fits(second, name=certificate.facts.get("name", ""), digits=certificate.facts.get("nip", "")):
            found = certificate
    return None if found is None else verification.standing_of(found)


def normalise(number: str) -> str:
    """As printed: other slashes and dashes are meant as the plain ones, spaces do not matter, letters are capitals."""
    return re.sub(r"[\s\x00-\x1f]+", "", number.translate(_SLASHES)).upper()[:LONGEST_TYPED]


def fits(second: str, *, name: str, digits: str) -> bool:
    """Whether a second fact is that of the holder with this printed name and NIP."""
    typed = " ".join(second.split())[:LONGEST_TYPED]
    plain = nip.normalise(typed)
    pairs = [
        (plain if re.fullmatch(r"[0-9]{18}|[0-9]{4}", plain) else "", digits[-len(plain) :] if plain else ""),
        (_birthday(typed), digits[:8]),
        (_words(typed), _words(name)),
        (_words(typed), _words(_without_titles(name))),
    ]
    answers = [bool(given and own) and compare_digest(given.encode(), own.encode()) for given, own in pairs]
    return any(answers)


def _candidates(number: str) -> QuerySet[Certificate]:
    """Published ones with this number. It holds its sequence and its year: so the index on those finds it."""
    numbers = list(dict.fromkeys(int(digits) for digits in _DIGITS.findall(number) if len(digits) <= 9))[:6]
    years = [year for year in numbers if 2000 <= year <= 2999]
    indexed = {"organiser__in": Organiser.objects.all(), "year__in": years, "sequence__in": numbers}
    published = Certificate.objects.published().select_related("organiser")
    return published.filter(**indexed, number__iexact=number)


def _birthday(typed: str) -> str:
    """A date of birth as a NIP begins with it: 19940712. "" if it is none."""
    match = _ISO.fullmatch(typed) or _DAY.fullmatch(typed.casefold())
    if match is None:
        return ""
    month = match["month"]
    try:
        day = date(int(match["year"]), int(month) if month.isdigit() else _MONTHS[month], int(match["day"]))
    except (ValueError, KeyError):
        return ""
    return day.strftime("%Y%m%d")


def _without_titles(name: str) -> str:
    """The name alone: what follows a comma is a title, and so is a word with a point before it."""
    front = name.split(",", 1)[0]
    return " ".join(word for word in front.split() if "." not in word)


def _words(text: str) -> str:
    return " ".join(re.findall(r"\w+", text.casefold()))
