"""Signatures with a timestamp (PAdES B-T), from an authority that answers over HTTP."""

from __future__ import annotations

import asyncio
import io
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.serialization import Encoding
from django.utils import timezone
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.validation import async_validate_pdf_signature
from pyhanko.sign.validation.status import SignatureCoverageLevel
from pyhanko_certvalidator import ValidationContext

from certificates import issuing, signing
from certificates.models import SigningKey
from certificates.signing import keys, validation
from certificates.verification import Answer
from tests.certificates import validators
from tests.certificates.authorities import below, root, timestamp_authority
from tests.certificates.test_rendering import run
from tests.factories import make_completion

pytestmark = pytest.mark.django_db


@pytest.fixture
def stamped(settings, tmp_path: Path) -> Iterator[Path]:
    """The file of a certificate that was published with SIGNING_TSA_URL set."""
    authority = root("Akar stempel waktu")
    with timestamp_authority(below(authority, "Stempel waktu", stamps=True), authority) as url:
        settings.SIGNING = replace(settings.SIGNING, tsa_url=url, keys_dir=tmp_path / "keys")
        signing.signer_named.cache_clear()
        now = timezone.now()
        certificate = issuing.publish_file(issuing.issue(make_completion(), at=now), at=now)
        assert certificate.file
        assert certificate.file.level == "B-T"
        yield Path(settings.CERTIFICATES_ROOT) / certificate.file.key
    signing.signer_named.cache_clear()


def test_the_timestamp_is_in_the_one_revision_and_known_to_pyhanko(stamped, tmp_path):
    content = stamped.read_bytes()
    assert content.count(b"%%EOF") == 1
    signature = PdfFileReader(io.BytesIO(content)).embedded_signatures[0]
    roots = validation.roots_in(SigningKey.objects.get(purpose="document").public.encode())[-1:]
    authority = root("Akar stempel waktu").asn1_certificate
    status = asyncio.run(
        async_validate_pdf_signature(
            signature,
            ValidationContext(trust_roots=roots),
            ts_validation_context=ValidationContext(trust_roots=[authority]),
        )
    )
    assert status.bottom_line
    assert status.coverage == SignatureCoverageLevel.ENTIRE_FILE
    assert status.timestamp_validity
    assert status.timestamp_validity.trusted
    found = validation.validate(content, roots=roots, timestamp_roots=[authority])
    assert (found.is_good, found.level, found.timestamped.answer) == (True, "B-T", Answer.YES)
    assert found.signed_at
    assert abs((found.signed_at - timezone.now()).total_seconds()) < 300
    without = validation.validate(content, roots=roots)
    assert (without.is_good, without.timestamped.answer) == (True, Answer.UNKNOWN)


def test_pdfsig_knows_it_too_and_it_stays_pdf_a_3a_and_pdf_ua_1(stamped, settings, tmp_path):
    authority = tmp_path / "authority.pem"
    own = keys.load(settings.SIGNING.keys_dir / keys.AUTHORITY, "").certificate
    authority.write_bytes(own.public_bytes(Encoding.PEM))
    nss = tmp_path / "nss"
    nss.mkdir()
    run("certutil", "-N", "-d", nss, "--empty-password")
    run("certutil", "-A", "-d", nss, "-n", "CA", "-t", "CT,C,C", "-i", authority)
    told = run("pdfsig", "-nssdir", nss, stamped)
    assert "Signature is Valid." in told
    assert "Certificate is Trusted." in told
    assert "Total document signed" in told
    assert validators.complaints(stamped) == []


def test_a_timestamp_authority_that_is_down_delays_the_paper_and_counts_no_try(settings, tmp_path):
    with timestamp_authority(below(root("Akar stempel waktu"), "Stempel waktu", stamps=True)) as url:
        pass  # from here on nobody answers there
    settings.SIGNING = replace(settings.SIGNING, tsa_url=url, keys_dir=tmp_path / "keys")
    signing.signer_named.cache_clear()
    certificate = issuing.issue(make_completion(), at=timezone.now())
    try:
        with pytest.raises(signing.SignerUnavailable, match="timestamp authority"):
            issuing.publish_file(certificate, at=timezone.now())
    finally:
        signing.signer_named.cache_clear()
    certificate.refresh_from_db()
    assert (certificate.published_at, certificate.tries, certificate.lease_until) == (None, 0, None)
    assert "timestamp authority" in certificate.last_error
