"""What a signed file proves: one signature over all of it, unbroken, by a key that ends at a root we pinned.

Offline: neither revocation nor anything else is fetched. Each question is answered yes, no or unknown, with a reason.
"""

from __future__ import annotations

import asyncio
import hashlib
import io
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from asn1crypto import pem as asn1_pem
from asn1crypto import x509 as asn1_x509
from django.utils.translation import gettext as _
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.diff_analysis import ModificationLevel
from pyhanko.sign.validation import async_validate_pdf_signature
from pyhanko.sign.validation.settings import KeyUsageConstraints
from pyhanko.sign.validation.status import PdfSignatureStatus, SignatureCoverageLevel
from pyhanko_certvalidator import ValidationContext

from certificates.models import SigningKey
from certificates.signing import appended
from certificates.verification import Answer

SIGNS_DOCUMENTS = KeyUsageConstraints(key_usage={"non_repudiation", "digital_signature"})
CLOCKS_DIFFER = timedelta(minutes=5)  # between whoever signed and the register


class UnreadableFile(Exception):
    """The bytes are no PDF whose signatures can be looked for: damaged, hostile or something else."""


@dataclass(frozen=True)
class Finding:
    """One answer; `reason` is a sentence for people, "" for a plain yes."""

    answer: Answer
    reason: str = ""


@dataclass(frozen=True)
class Validation:
    """What was found. `is_good` only if nothing is a no and everything that has to be a yes is one.

    `timestamped` is unknown without a timestamp, or with one of an authority that nobody pinned. `signed_at` is the
    timestamp's moment, without one what the signer says.
    """

    one_signature: Finding
    intact: Finding
    whole_file: Finding
    unchanged: Finding
    trusted: Finding
    timestamped: Finding
    signer: str = ""
    fingerprint: str = ""
    signed_at: datetime | None = None
    level: str = ""

    @property
    def is_good(self) -> bool:
        needed = (self.one_signature, self.intact, self.whole_file, self.unchanged, self.trusted)
        return all(one.answer == Answer.YES for one in needed) and self.timestamped.answer != Answer.NO

    @property
    def reasons(self) -> list[str]:
        """Why it is not good, in the order of the questions."""
        found = (self.one_signature, self.intact, self.whole_file, self.unchanged, self.trusted, self.timestamped)
        return [one.reason for one in found if one.answer == Answer.NO]


def roots_in(pem: bytes) -> list[asn1_x509.Certificate]:
    """The certificates of a PEM text. ValueError if there is none or one is damaged."""
    found = [asn1_x509.Certificate.load(der) for _kind, _headers, der in asn1_pem.unarmor(pem, multiple=True)]
    for one in found:
        one.subject.native  # noqa: B018  # asn1crypto reads lazily: a damaged one is told here
    return found


def validate(
    content: bytes,
    *,
    roots: Sequence[asn1_x509.Certificate],
    between: Sequence[asn1_x509.Certificate] = (),
    timestamp_roots: Sequence[asn1_x509.Certificate] = (),
) -> Validation:
    """Look at the one signature of a file. UnreadableFile whatever else the bytes are; nothing else is raised."""
    try:
        return asyncio.run(_validate(content, roots, between, timestamp_roots))
    except Exception as error:
        message = f"{type(error).__name__} while reading the file's signatures"
        raise UnreadableFile(message) from error


def validate_ours(content: bytes, key: SigningKey) -> Validation:
    """The same for a key of our register: it must be this very key, before its end, and not compromised."""
    chain = roots_in(key.public.encode())
    found = validate(content, roots=chain[-1:], between=chain[:-1])
    if found.trusted.answer != Answer.YES:
        return found
    if found.fingerprint != key.fingerprint:
        return replace(found, trusted=_no(_("It was signed by another key than the register names.")))
    if key.state == SigningKey.State.COMPROMISED:
        return replace(found, trusted=_no(_("The key that signed fell into other hands.")))
    if _signed_after_its_end(found, key):
        return replace(found, trusted=_no(_("The key signed although it had ended.")))
    return found


def added_only_a_signature(before: bytes, after: bytes) -> Finding:
    """Does `after` begin with exactly `before`, and what follows add one signature and nothing that anybody sees?

    UnreadableFile as above.
    """
    if len(after) <= len(before) or not after.startswith(before):
        return _no(_("It does not begin with the file that was sent."))
    try:
        is_only_that = appended.is_one_invisible_signature(before, after)
    except Exception as error:
        message = f"{type(error).__name__} while comparing the file with what was sent"
        raise UnreadableFile(message) from error
    return _yes_or(is_only_that, _("More than a signature was added: pages or other contents changed."))


async def _validate(
    content: bytes,
    roots: Sequence[asn1_x509.Certificate],
    between: Sequence[asn1_x509.Certificate],
    timestamp_roots: Sequence[asn1_x509.Certificate],
) -> Validation:
    reader = PdfFileReader(io.BytesIO(content))
    signatures = reader.embedded_regular_signatures
    if len(signatures) != 1:
        none = _no(_("It bears no signature.")) if not signatures else _no(_("It bears more than one signature."))
        unknown = Finding(Answer.UNKNOWN)
        return Validation(none, unknown, unknown, unknown, unknown, unknown)
    signature = signatures[0]
    claimed = signature.self_reported_timestamp
    if claimed is not None and claimed.tzinfo is None:
        claimed = claimed.replace(tzinfo=UTC)
    status = await async_validate_pdf_signature(
        signature,
        # As of when it was signed: a certificate that ended since does not undo what it signed.
        signer_validation_context=ValidationContext(trust_roots=roots, other_certs=between, moment=claimed),
        ts_validation_context=ValidationContext(trust_roots=timestamp_roots, moment=claimed),
        key_usage_settings=SIGNS_DOCUMENTS,
    )
    stamp = status.timestamp_validity
    return Validation(
        one_signature=Finding(Answer.YES),
        intact=_yes_or(status.intact and status.valid, _("The signature does not fit the contents.")),
        whole_file=_whole_file(status, last=reader.xrefs.total_revisions - 1, signed=signature.signed_revision),
        unchanged=_yes_or(_is_unchanged(status), _("Contents were changed after signing.")),
        trusted=_trusted(status),
        timestamped=_timestamped(stamp),
        signer=status.signing_cert.subject.human_friendly,
        fingerprint=hashlib.sha256(status.signing_cert.dump()).hexdigest(),
        signed_at=stamp.timestamp if stamp else claimed,
        level="B-T" if stamp else "B-B",
    )


def _whole_file(status: PdfSignatureStatus, *, last: int, signed: int) -> Finding:
    """The whole file, or all up to document timestamps, which change nothing that the diff policy does not know."""
    if status.coverage == SignatureCoverageLevel.ENTIRE_FILE:
        return Finding(Answer.YES)
    only_timestamps = status.coverage == SignatureCoverageLevel.ENTIRE_REVISION and signed < last
    if only_timestamps and status.modification_level in {ModificationLevel.NONE, ModificationLevel.LTA_UPDATES}:
        return Finding(Answer.YES)
    return _no(_("The signature does not cover the whole file."))


def _is_unchanged(status: PdfSignatureStatus) -> bool:
    return bool(status.docmdp_ok) and status.modification_level in {
        ModificationLevel.NONE,
        ModificationLevel.LTA_UPDATES,
    }


def _trusted(status: PdfSignatureStatus) -> Finding:
    if not (status.intact and status.valid):
        return Finding(Answer.UNKNOWN)
    return _yes_or(status.trusted, _("The signer's certificate does not end at a root that we trust."))


def _timestamped(stamp: Any) -> Finding:
    if stamp is None:
        return Finding(Answer.UNKNOWN, _("There is no timestamp."))
    if not (stamp.intact and stamp.valid):
        return _no(_("The timestamp does not fit the signature."))
    if not stamp.trusted:
        return Finding(Answer.UNKNOWN, _("The timestamp authority is not among those we trust."))
    return Finding(Answer.YES)


def _signed_after_its_end(found: Validation, key: SigningKey) -> bool:
    ends = [moment for moment in (key.valid_until, key.state_changed_at) if moment]
    return found.signed_at is None or any(found.signed_at > end + CLOCKS_DIFFER for end in ends)


def _yes_or(is_so: bool, reason: str) -> Finding:
    return Finding(Answer.YES) if is_so else _no(reason)


def _no(reason: str) -> Finding:
    return Finding(Answer.NO, reason)
