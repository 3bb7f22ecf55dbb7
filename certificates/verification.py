"""Is this certificate genuine, and still valid? One pure reading, used by the public page and the API (promise P7).

By code here, by number in `number_check`, by file in `file_check`: all of them ask `standing_of` about the row they found.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Any
from zoneinfo import ZoneInfo

from django.db import connection
from django.utils import timezone

from academy.people import nip
from certificates import codes, ends
from certificates.facts import CertificateFacts
from certificates.models import Certificate

_STANDING = """
    SELECT id, revoked_at, revocation_reason, superseded_at FROM certificates_certificate
    WHERE code = %s AND published_at IS NOT NULL
"""


PRINTED_NOT_SHOWN = "tercetak, tidak ditampilkan"  # photo and birth data


class Outcome(StrEnum):
    """The last four are answers about files only, but for `unknown`."""

    GENUINE = "genuine"
    REVOKED = "revoked"
    REPLACED = "replaced"
    EXPIRED = "expired"
    ALTERED = "altered"
    RESAVED = "resaved"
    FOREIGN = "foreign"
    UNKNOWN = "unknown"


class Answer(StrEnum):
    """Of one check. What was not checked is never a yes."""

    YES = "yes"
    NO = "no"
    UNKNOWN = "unknown"


@dataclass(frozen=True)
class Replacement:
    code: str
    number: str


@dataclass(frozen=True)
class Difference:
    """Something that a file has and the register has not, or has otherwise. `name` is a fact's or a part's of a file."""

    name: str
    in_file: str
    in_register: str


class Why(StrEnum):
    """Why a file is unknown."""

    NO_PDF = "no_pdf"
    UNREADABLE = "unreadable"
    NO_CODE = "no_code"
    NOT_REGISTERED = "not_registered"


@dataclass(frozen=True)
class Verdict:
    """`code` is as typed when it cannot be one. `facts` are as printed; show them only through `public_facts`.

    `why` and `differences` speak of a file: of an unknown one, and of one that is not what was published.
    """

    outcome: Outcome
    code: str
    checks: dict[str, Answer]
    facts: CertificateFacts | None = None
    revoked_at: datetime | None = None
    revocation_reason: str = ""
    time_zone: str = "Asia/Makassar"
    replaced_by: Replacement | None = None
    valid_until: date | None = None
    why: Why | None = None
    differences: tuple[Difference, ...] = ()


def look_up(code: str) -> Verdict:
    """The verdict on a code in any spelling. InvalidCode if the text cannot be a code.

    A certificate whose file is still being made is unknown: its code stands on no paper yet.
    """
    code = codes.normalise(code)
    certificate = Certificate.objects.published().select_related("organiser").filter(code=code).first()
    return unknown(code) if certificate is None else standing_of(certificate)


def standing_of(certificate: Certificate) -> Verdict:
    """The verdict on a published certificate of the register, whose organiser is at hand."""
    valid_until = ends.last_day(certificate)
    is_over = ends.has_ended(certificate, at=timezone.now())
    expiry = {"not_expired": Answer.NO if is_over else Answer.YES} if valid_until else {}
    return Verdict(
        outcome=_outcome(certificate, is_over=is_over),
        code=certificate.code,
        checks={
            "registered": Answer.YES,
            "not_revoked": Answer.NO if certificate.revoked_at else Answer.YES,
            "not_replaced": Answer.NO if certificate.superseded_at else Answer.YES,
            **expiry,
            "file": Answer.UNKNOWN,
        },
        facts=CertificateFacts.from_json(certificate.facts),
        revoked_at=certificate.revoked_at,
        revocation_reason=certificate.revocation_reason,
        time_zone=certificate.organiser.time_zone,
        replaced_by=_replacement(certificate) if certificate.superseded_at else None,
        valid_until=valid_until,
    )


def _outcome(certificate: Certificate, *, is_over: bool) -> Outcome:
    """What weighs most: a revoked one is revoked whatever else it is."""
    if certificate.revoked_at:
        return Outcome.REVOKED
    if certificate.superseded_at:
        return Outcome.REPLACED
    return Outcome.EXPIRED if is_over else Outcome.GENUINE


def standing(code: str) -> str | None:
    """What may still change about a published certificate, as a short text; None for an unknown code.

    Facts are frozen: whoever keeps what was drawn for a code may show it as long as this text is the same. Plain SQL,
    because every public check asks this and building the query would cost more than the answer.
    """
    with connection.cursor() as cursor:
        cursor.execute(_STANDING, [code])
        row = cursor.fetchone()
    return None if row is None else "|".join(str(value) for value in row)


def unknown(code: str) -> Verdict:
    checks = dict.fromkeys(("registered", "not_revoked", "not_replaced", "file"), Answer.UNKNOWN)
    return Verdict(outcome=Outcome.UNKNOWN, code=code, checks=checks | {"registered": Answer.NO})


def public_facts(verdict: Verdict) -> dict[str, Any] | None:
    """Every printed fact for anybody's eyes, days in ISO; of each NIP only the last four digits.

    Of photo and birth data it says no more than that they are printed. None if unknown.
    """
    if verdict.facts is None:
        return None
    facts = verdict.facts
    printed = facts.as_json() | {"nip": nip.masked(facts.nip), "signatory_nip": nip.masked(facts.signatory_nip)}
    printed["valid_until"] = facts.valid_until or None
    printed |= {name: PRINTED_NOT_SHOWN for name in ("photo", "birth_place", "born_on") if printed[name]}
    zone = ZoneInfo(verdict.time_zone)
    return printed | {
        "verify_url": facts.verify_url,
        "revoked_on": verdict.revoked_at.astimezone(zone).date().isoformat() if verdict.revoked_at else None,
        "revocation_reason": verdict.revocation_reason or None,
        "replaced_by": verdict.replaced_by.code if verdict.replaced_by else None,
    }


def _replacement(certificate: Certificate) -> Replacement | None:
    """The newest published one of the same completion."""
    newest = (
        Certificate.objects.published()
        .filter(completion=certificate.completion_id, revision__gt=certificate.revision)
        .order_by("-revision")
        .values("code", "number")
        .first()
    )
    return Replacement(**newest) if newest else None
