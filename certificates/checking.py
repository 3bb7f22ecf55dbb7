"""Do the published files still agree with the register? Each certificate's file is hashed, validated and read again.

Nothing is mended here: whatever is found wants a person who looks. Reads row by row, so that memory stays flat.
"""

from __future__ import annotations

import hashlib
import io
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from typing import Any

import base58
from asn1crypto import x509 as asn1_x509
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from django.conf import settings
from django.db.models import Count, Max, Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _
from pypdf import PdfReader
from pypdf.errors import PyPdfError

from certificates import codes, credential, issuing, store
from certificates.credential import ED25519_MULTICODEC
from certificates.models import Certificate, CertificateFile, NumberSeries, SigningKey
from certificates.rendering import CREDENTIAL_NAME
from certificates.signing import SignerUnavailable, bsre, validation

PORTION = 200
LOCAL_LEVELS = ("B-B", "B-T")


@dataclass(frozen=True)
class Finding:
    """`about` is a certificate's number, a file of the store or a series of numbers; `text` a sentence."""

    about: str
    text: str


def published(*, since: datetime | None = None, sample: int | None = None) -> QuerySet[Certificate]:
    """What is to be looked at: all, those published since a moment, or so many of them taken at random."""
    rows = Certificate.objects.published().select_related("file__signing_key")
    if since:
        rows = rows.filter(published_at__gte=since)
    return rows.order_by("?")[:sample] if sample else rows.order_by("pk")


class FileChecker:
    """Checks one certificate after the other; keeps keys and roots between them, nothing else."""

    def __init__(self) -> None:
        self._credential_keys: dict[str, SigningKey | None] = {}
        self._roots: list[asn1_x509.Certificate] | None = None

    def findings(self, certificate: Certificate) -> list[Finding]:
        """What is wrong with this one; nothing if all is well."""
        texts = [*self._of_the_row(certificate)]
        file = certificate.file
        if file is None:
            return _about(certificate, [*texts, _("It is published without a file.")])
        content, text = _content(file)
        if content is None:
            return _about(certificate, [*texts, text])
        texts += self._of_the_signature(file, content)
        texts += self._of_the_credential(file)
        texts += _of_the_paper(certificate, file, content)
        return _about(certificate, texts)

    def _of_the_row(self, certificate: Certificate) -> Iterator[str]:
        canonical = json.dumps(certificate.facts, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
        if hashlib.sha256(canonical.encode()).hexdigest() != certificate.facts_sha256:
            yield _("Its facts are not those of the issue: their hash differs.")
        facts = certificate.facts if isinstance(certificate.facts, dict) else {}
        if (facts.get("number"), facts.get("code")) != (certificate.number, certificate.code):
            yield _("Number or code of the row differ from its facts.")

    def _of_the_signature(self, file: CertificateFile, content: bytes) -> list[str]:
        try:
            if file.level == bsre.LEVEL:
                return self._of_bsre(content)
            if file.level not in LOCAL_LEVELS or file.signing_key is None:
                return [_("The register names no key that signed.")]
            found = validation.validate_ours(content, file.signing_key)
        except (validation.UnreadableFile, ValueError):
            return [_("The signature cannot be read.")]
        return found.reasons if found.is_good or found.reasons else [_("The signature cannot be judged.")]

    def _of_bsre(self, content: bytes) -> list[str]:
        if self._roots is None:
            try:
                self._roots = bsre.trusted_roots(settings.SIGNING.bsre)
            except SignerUnavailable:
                self._roots = []
        if not self._roots:
            return [_("The signature of BSrE cannot be judged: set SIGNING_BSRE_TRUST.")]
        return validation.validate(content, roots=self._roots).reasons

    def _of_the_credential(self, file: CertificateFile) -> list[str]:
        if file.credential is None:
            return []
        key = self._credential_key(file.credential)
        if key is None:
            return [_("The key of the credential is not in the register.")]
        if key.state == SigningKey.State.COMPROMISED:
            return [_("The key of the credential fell into other hands.")]
        raw = base58.b58decode(key.public.removeprefix("z")).removeprefix(ED25519_MULTICODEC)
        is_good = credential.is_signed_by(file.credential, Ed25519PublicKey.from_public_bytes(raw))
        return [] if is_good else [_("The proof of the credential is not valid.")]

    def _credential_key(self, signed: Any) -> SigningKey | None:
        proof = signed.get("proof") if isinstance(signed, dict) else None
        method = str(proof.get("verificationMethod", "")) if isinstance(proof, dict) else ""
        if method not in self._credential_keys:
            keys = SigningKey.objects.filter(purpose=SigningKey.Purpose.CREDENTIAL)
            digits = method.rpartition("#")[2]
            self._credential_keys[method] = keys.filter(fingerprint__startswith=digits).first() if digits else None
        return self._credential_keys[method]


def of_the_numbers() -> Iterator[Finding]:
    """Series with gaps or other ends than the register's, and completions with several live certificates."""
    ends = {(row.organiser_id, row.year): row.last for row in NumberSeries.objects.all()}
    used = Certificate.objects.values_list("organiser", "organiser__code", "year").annotate(
        count=Count("pk"), last=Max("sequence")
    )
    for organiser, code, year, count, last in used.order_by("organiser", "year"):
        about = f"{code} {year}"
        if count != last:
            yield Finding(about, _("%(missing)d numbers are missing in the series.") % {"missing": last - count})
        if ends.get((organiser, year)) != last:
            yield Finding(about, _("The series ends at another number than its newest certificate."))
    several = Certificate.objects.live().values("completion").annotate(count=Count("pk")).filter(count__gt=1).order_by()
    for row in several.values_list("completion", flat=True):
        yield Finding(_("completion %(pk)d") % {"pk": row}, _("It has more than one live certificate."))


def of_the_store() -> Iterator[Finding]:
    """Files that no row knows, and rows of files that no certificate has.

    A file younger than a lease may still be waiting for its row.
    """
    settled = store.keys(before=timezone.now() - issuing.LEASE)
    while keys := list(islice(settled, PORTION)):
        known = set(CertificateFile.objects.filter(key__in=keys).values_list("key", flat=True))
        for key in keys:
            if key not in known:
                yield Finding(key, _("This file is in the store, and no row knows it."))
    unused = CertificateFile.objects.filter(Q(certificate__isnull=True) | Q(certificate__published_at=None))
    for key in unused.order_by("pk").values_list("key", flat=True).iterator(PORTION):
        yield Finding(key, _("No published certificate has this file."))


def each(rows: QuerySet[Certificate], tell: Callable[[Finding], None]) -> int:
    """Check them all; how many there were."""
    checker, count = FileChecker(), 0
    for certificate in rows.iterator(PORTION):
        count += 1
        for finding in checker.findings(certificate):
            tell(finding)
    return count


def _about(certificate: Certificate, texts: list[str]) -> list[Finding]:
    return [Finding(certificate.number, text) for text in texts]


def _content(file: CertificateFile) -> tuple[bytes | None, str]:
    """The bytes as they were published, or what is wrong with them."""
    if file.key != f"{file.sha256[:2]}/{file.sha256}.pdf":
        return None, _("The file's path is not its hash.")
    try:
        content = store.read(file.key)
    except FileNotFoundError:
        return None, _("Its file is missing.")
    except OSError:
        return None, _("Its file cannot be read.")
    if len(content) != file.size or hashlib.sha256(content).hexdigest() != file.sha256:
        return None, _("Its file is damaged: size or hash differ.")
    return content, ""


def _of_the_paper(certificate: Certificate, file: CertificateFile, content: bytes) -> list[str]:
    """What is printed on page one, and what is attached."""
    try:
        reader = PdfReader(io.BytesIO(content))
        printed = _squeezed(reader.pages[0].extract_text())
        attached = reader.attachments.get(CREDENTIAL_NAME, [])
    except (PyPdfError, ValueError, KeyError, IndexError, TypeError, AttributeError, RecursionError):
        return [_("Its text cannot be read.")]
    texts = []
    expected = {
        _("number"): certificate.number,
        _("code"): codes.grouped(certificate.code),
        _("name"): str(certificate.facts.get("name", "")) if isinstance(certificate.facts, dict) else "",
    }
    for name, value in expected.items():
        if _squeezed(value) not in printed:
            texts.append(_("The printed %(what)s is another one than in the row.") % {"what": name})
    if not _is_attached(file.credential, attached):
        texts.append(_("The attached credential is another one than in the row."))
    return texts


def _is_attached(expected: Any, attached: list[bytes]) -> bool:
    """The same values: PostgreSQL does not keep the order that they were attached in."""
    try:
        return [json.loads(one) for one in attached] == ([expected] if expected else [])
    except (ValueError, RecursionError):
        return False


def _squeezed(text: str) -> str:
    """Without white space: where lines break says nothing."""
    return "".join(text.split())
