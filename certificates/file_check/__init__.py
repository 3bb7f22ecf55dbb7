"""Is this file what was published? Only the same bytes are genuine; every other file is told what it differs in.

A file is looked at in three steps: the hash of its bytes, the codes it shows, and, if one of them is registered, a
comparison with the file that was published under it. The last two are done by `reader` in a process of its own.
"""

from __future__ import annotations

import hashlib
import logging
import re
from dataclasses import replace
from typing import Any

from certificates import store, verification
from certificates.facts import CertificateFacts
from certificates.file_check import comparing, sandbox
from certificates.models import Certificate, CertificateFile, SigningKey
from certificates.verification import Answer, Outcome, Verdict, Why

log = logging.getLogger(__name__)

MOST_BYTES = 5 * 1024 * 1024  # a published file has a twentieth of that
SHA256 = re.compile(r"[0-9a-f]{64}")
_HEADER_WITHIN = 1024  # readers look for a PDF's header so far
_CODE_IN_ADDRESS = re.compile(r"/V/([0-9A-Z]{16})/?$", re.IGNORECASE)


def look(content: bytes) -> Verdict:
    """The verdict on a file. Whatever the bytes are, there is one."""
    published = look_up_hash(hashlib.sha256(content).hexdigest())
    if published is not None:
        return published
    if b"%PDF-" not in content[:_HEADER_WITHIN]:
        return _unknown(Why.NO_PDF)
    try:
        claims = sandbox.claims(content)
    except sandbox.CannotRead:
        return _unknown(Why.UNREADABLE)
    codes = [*claims["printed"], *_codes_of(claims["qr"]), *claims["attached"]]
    certificate = _first_registered(codes)
    if certificate is None:
        nothing = Why.NO_CODE if claims["readable"] else Why.UNREADABLE
        return _unknown(Why.NOT_REGISTERED if codes else nothing, readable=claims["readable"])
    return _compared(content, certificate, claims)


def look_up_hash(sha256: str) -> Verdict | None:
    """The verdict on the published file with this hash, None if there is none. It needs no bytes, so none are sent."""
    certificate = (
        Certificate.objects.published().select_related("organiser", "file").filter(file__sha256=sha256).first()
    )
    if certificate is None or certificate.file is None:
        return None
    signature = Answer.UNKNOWN if certificate.file.level == "none" else Answer.YES
    same = dict.fromkeys(comparing.QUESTIONS, Answer.YES) | {"signature": signature}
    verdict = verification.standing_of(certificate)
    return replace(verdict, checks=verdict.checks | {"file": Answer.YES} | same)


def _compared(content: bytes, certificate: Certificate, claims: dict[str, Any]) -> Verdict:
    verdict = verification.standing_of(certificate)
    original = _published(certificate.file)
    found = None
    if original is not None:
        try:
            found = sandbox.compare(content, original)
        except sandbox.CannotRead:
            claims = claims | {"readable": False}
    facts = CertificateFacts.from_json(certificate.facts)
    judged = comparing.judge(claims, found, facts, ours=_fingerprints())
    # Of a copy nobody says that it is genuine, not even that it once was.
    copied = verdict.outcome in {Outcome.GENUINE, Outcome.EXPIRED}
    outcome = Outcome.RESAVED if copied else verdict.outcome
    if judged.is_foreign:
        outcome = Outcome.FOREIGN
    elif judged.differences:
        outcome = Outcome.ALTERED
    checks = verdict.checks | {"file": Answer.NO} | judged.checks
    return replace(verdict, outcome=outcome, checks=checks, differences=judged.differences)


def _unknown(why: Why, *, readable: bool = False) -> Verdict:
    checks = {"file": Answer.NO} | dict.fromkeys(comparing.QUESTIONS, Answer.UNKNOWN)
    checks["readable"] = Answer.YES if readable else Answer.NO
    verdict = verification.unknown("")
    return replace(verdict, checks=verdict.checks | checks, why=why)


def _codes_of(scanned: list[str]) -> list[str]:
    """The codes in the addresses of QR codes, whatever host they name."""
    return [match[1].upper() for text in scanned if (match := _CODE_IN_ADDRESS.search(text))]


def _first_registered(codes: list[str]) -> Certificate | None:
    """The printed code counts before the scanned one, that before the attached one. One query."""
    certificates = Certificate.objects.published().select_related("organiser", "file").in_bulk(codes, field_name="code")
    return next((certificates[code] for code in codes if code in certificates), None)


def _published(file: CertificateFile | None) -> bytes | None:
    """The file as it was published; None, and a line in the log that somebody has to read, if it is not there."""
    if file is None:
        return None
    try:
        return store.read_exactly(file.key, sha256=file.sha256)
    except store.FileDamaged:
        log.error("The published file %s is not what was published", file.sha256)  # noqa: TRY400  nothing to trace
    except OSError:
        log.exception("The published file %s cannot be read", file.sha256)
    return None


def _fingerprints() -> frozenset[str]:
    """Of every key that ever signed for us."""
    keys = SigningKey.objects.filter(purpose=SigningKey.Purpose.DOCUMENT)
    return frozenset(keys.values_list("fingerprint", flat=True))
