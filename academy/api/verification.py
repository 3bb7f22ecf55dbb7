"""Verification of certificates for machines: the same verdict as the public page."""

from __future__ import annotations

from dataclasses import asdict
from datetime import date
from typing import Any, Literal

from django.http import HttpRequest, HttpResponse
from ninja import Path, Router, Schema, Status

from academy.people import throttling
from certificates import codes, file_check, verification
from certificates.file_check import uploads
from certificates.verification import Outcome, Verdict

router = Router(tags=["verifikasi"])
PER_MINUTE = 60


class Module(Schema):
    """A line of the certificate's second page."""

    title: str
    activities: int
    minutes: int
    credit_hours: str


class Logo(Schema):
    """A printed logo: the hash of its bytes, and what it is."""

    sha256: str
    alt: str


class Certificate(Schema):
    """Every printed fact. Of each NIP only the last four digits are shown; scores are decimals as text.

    `photo`, `birth_place` and `born_on` are empty, or say that they are printed and not shown. `opening` and `details` are the words
    around the name and the course, `template` the version of the organiser's template, `template_version` the layout.
    """

    title: str
    kind: Literal["passed", "attended"]
    outcome: str
    opening: str
    lead_in: str
    details: str
    number: str
    code: str
    name: str
    nip: str
    grade: str
    position: str
    unit: str
    agency: str
    course: str
    edition: str
    run: str
    learned_from: date
    completed_on: date
    valid_until: date | None
    credit_hours: int
    credit_hours_in_words: str
    score: str
    pass_mark: str
    modules: list[Module]
    government: str
    organiser: str
    organiser_short: str
    place: str
    issued_on: date
    signatory: str
    signatory_nip: str
    signatory_position: str
    on_behalf_of: str
    logos: list[Logo]
    photo: str
    birth_place: str
    born_on: str
    signed_by: str
    template: str
    template_version: str
    verify_url: str
    revoked_on: date | None
    revocation_reason: str | None
    replaced_by: str | None


class Difference(Schema):
    """A fact or a part that differs between a file and the register. A check by code compares no file."""

    name: str
    in_file: str
    in_register: str


class Verification(Schema):
    """`checks` answers yes, no or unknown for each check; what was not checked is unknown, never yes."""

    verdict: Literal["genuine", "revoked", "replaced", "expired", "altered", "resaved", "foreign", "unknown"]
    checks: dict[str, Literal["yes", "no", "unknown"]]
    certificate: Certificate | None
    differences: list[Difference]


class Problem(Schema):
    message: str


# Stands before the address with a code, which would take "berkas" for one.
_FILE = {
    "type": "object",
    "required": [uploads.FIELD],
    "properties": {uploads.FIELD: {"type": "string", "format": "binary"}},
}


@router.post(
    "verifikasi/berkas",
    response={200: Verification, 400: Problem, 413: Problem, 422: Problem, 429: Problem},
    operation_id="verify_file",
    summary="Verify a certificate's PDF file",
    openapi_extra={"requestBody": {"required": True, "content": {"multipart/form-data": {"schema": _FILE}}}},
)
def verify_upload(request: HttpRequest, response: HttpResponse) -> Status[dict[str, Any]]:
    """Only the very bytes that were published are genuine. Everything else is told what it differs in, or is unknown."""
    throttling.spend(request, name=uploads.NAME, per_minute=uploads.PER_MINUTE)
    response.headers["Cache-Control"] = "no-store"
    response.headers["X-Robots-Tag"] = "noindex"
    try:
        _name, content = uploads.taken_from(request)
    except uploads.Refused as refused:
        return Status(refused.status, {"message": str(refused)})
    return Status(200, _as_json(file_check.look(content)))


@router.get(
    "verifikasi/{code}",
    response={200: Verification, 404: Verification, 429: Problem},
    operation_id="verify_code",
    summary="Verify a certificate by its code",
)
def verify_code(
    request: HttpRequest,
    response: HttpResponse,
    code: str = Path(..., description="16 Crockford base32 symbols; case, spaces and hyphens do not matter."),  # type: ignore[type-arg]
) -> Status[dict[str, Any]]:
    """A code nobody issued, or a text that cannot be one, answers 404 with the verdict `unknown`."""
    throttling.spend(request, name="verify", per_minute=PER_MINUTE)
    response.headers["Cache-Control"] = "no-store"
    response.headers["X-Robots-Tag"] = "noindex"
    try:
        verdict = verification.look_up(code)
    except codes.InvalidCode:
        verdict = verification.unknown(code)
    return Status(404 if verdict.outcome is Outcome.UNKNOWN else 200, _as_json(verdict))


def _as_json(verdict: Verdict) -> dict[str, Any]:
    return {
        "verdict": verdict.outcome.value,
        "checks": {name: answer.value for name, answer in verdict.checks.items()},
        "certificate": verification.public_facts(verdict),
        "differences": [asdict(one) for one in verdict.differences],
    }
