"""The signature as others see it: pdfsig with its own trust store, pyHanko with DocMDP, veraPDF and page-validation."""

from __future__ import annotations

import asyncio
import io
import re
import stat
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from asn1crypto import x509 as asn1_x509
from cryptography import x509
from cryptography.hazmat.primitives.serialization import BestAvailableEncryption, Encoding, pkcs12
from django.conf import settings
from django.core.management import CommandError, call_command
from django.utils import timezone
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.diff_analysis import ModificationLevel
from pyhanko.sign.validation import async_validate_pdf_signature
from pyhanko_certvalidator import ValidationContext

from certificates import issuing, key_register, rendering, signature_slot, signing, store
from certificates.models import SigningKey
from certificates.signing import keys, local
from tests.certificates import validators
from tests.certificates.test_rendering import FACTS, LONG, run
from tests.factories import LONG_AGO, make_completion

pytestmark = pytest.mark.django_db
AT = datetime(2026, 9, 10, 3, 30, tzinfo=UTC)
OCCASION = signing.Occasion(signatory=FACTS.signatory, reason="Sertifikat 0412", location="Kupang", at=AT)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "keys"


@pytest.fixture
def signer(folder: Path) -> local.LocalSigner:
    return local.LocalSigner(replace(settings.SIGNING, keys_dir=folder))


def signed_by(signer: local.LocalSigner, facts=FACTS) -> bytes:
    return signer.sign(lambda slot: rendering.render_pdf(facts, slot=slot), OCCASION).content


def status_of(pdf: bytes, authority: x509.Certificate):
    root = asn1_x509.Certificate.load(authority.public_bytes(Encoding.DER))
    context = ValidationContext(trust_roots=[root], allow_fetching=False)
    signature, *others = PdfFileReader(io.BytesIO(pdf)).embedded_signatures
    assert others == []
    return asyncio.run(async_validate_pdf_signature(signature, context))


def test_a_signed_file_is_valid_to_pyhanko_and_still_pdf_a_3a_and_pdf_ua_1(signer, folder, tmp_path):
    for facts in (FACTS, LONG):
        pdf = signed_by(signer, facts)
        status = status_of(pdf, keys.load(folder / keys.AUTHORITY, "").certificate)
        assert status.bottom_line
        assert status.coverage.name == "ENTIRE_FILE"
        assert status.modification_level == ModificationLevel.NONE
        assert status.docmdp_ok
        assert pdf.count(b"%%EOF") == 1, "the signature is in the one and only revision"
        path = tmp_path / "signed.pdf"
        path.write_bytes(pdf)
        assert validators.complaints(path) == []
        assert "No syntax or stream encoding errors" in run("qpdf", "--check", path)


def test_a_signed_file_is_valid_to_pdfsig_with_our_authority_in_its_store(signer, folder, tmp_path):
    path = tmp_path / "signed.pdf"
    path.write_bytes(signed_by(signer))
    authority = tmp_path / "authority.pem"
    authority.write_bytes(keys.load(folder / keys.AUTHORITY, "").certificate.public_bytes(Encoding.PEM))
    store = tmp_path / "nss"
    store.mkdir()
    run("certutil", "-N", "-d", store, "--empty-password")
    run("certutil", "-A", "-d", store, "-n", "CA", "-t", "CT,C,C", "-i", authority)
    told = run("pdfsig", "-nssdir", store, path)
    assert "Signature is Valid." in told
    assert "Certificate is Trusted." in told
    assert "Total document signed" in told
    assert "Not total" not in told


def test_the_text_and_the_looks_stay_those_of_the_unsigned_file(signer, tmp_path):
    plain, signed = tmp_path / "plain.pdf", tmp_path / "signed.pdf"
    plain.write_bytes(rendering.render_pdf(FACTS))
    signed.write_bytes(signed_by(signer))
    assert run("pdftotext", "-layout", plain, "-") == run("pdftotext", "-layout", signed, "-")
    pictures = []
    for path in (plain, signed):
        run("pdftoppm", "-r", "60", "-f", "1", "-l", "1", "-singlefile", path, path.with_suffix(""))
        pictures.append(path.with_suffix(".ppm").read_bytes())
    assert pictures[0] == pictures[1]


def test_one_changed_byte_and_an_appended_revision_are_seen(signer, folder):
    pdf = signed_by(signer)
    authority = keys.load(folder / keys.AUTHORITY, "").certificate
    flipped = pdf.replace(b"/Reason (Sertifikat 0412)", b"/Reason (Sertifikat 0413)")
    assert len(flipped) == len(pdf)
    assert flipped != pdf
    assert status_of(pdf, authority).intact
    assert not status_of(flipped, authority).intact
    assert status_of(pdf + b"\n% tambahan\n", authority).coverage.name != "ENTIRE_FILE"


def test_the_paper_says_that_the_academys_own_key_signed(signer, tmp_path):
    path = tmp_path / "signed.pdf"
    path.write_bytes(signed_by(signer))
    printed = " ".join(run("pdftotext", "-raw", path, "-").split())
    assert "ditandatangani secara elektronik dengan kunci akademi" in printed
    assert "BSrE" not in printed


def test_the_first_signature_makes_authority_and_key_readable_by_their_owner_only(signer, folder):
    signed_by(signer)
    files = sorted(path.name for path in folder.iterdir())
    assert files == [keys.AUTHORITY, keys.DOCUMENT]
    assert all(stat.S_IMODE(path.stat().st_mode) == 0o600 for path in folder.iterdir())
    pair = keys.load(folder / keys.DOCUMENT, "")
    assert pair.is_demonstration
    key = SigningKey.objects.get()
    assert (key.fingerprint, key.state, key.algorithm) == (pair.fingerprint, "active", "ecdsa-secp256r1")
    assert key.public.count("BEGIN CERTIFICATE") == 2
    assert "PRIVATE" not in key.public


def test_workers_that_start_at_once_share_one_key(folder):
    together = threading.Barrier(8)

    def start(_number):
        together.wait()
        return keys.load_or_make(folder).fingerprint

    with ThreadPoolExecutor(8) as pool:
        assert len(set(pool.map(start, range(8)))) == 1
    assert len(list(folder.iterdir())) == 2, "a draft was left behind"


def test_a_replaced_key_is_taken_up_without_restart_and_the_old_one_still_verifies(signer, folder):
    first = signed_by(signer)
    keys.replace_document_key(folder, at=datetime.now(tz=UTC))
    second = signed_by(signer)
    authority = keys.load(folder / keys.AUTHORITY, "").certificate
    assert SigningKey.objects.count() == 2
    assert status_of(first, authority).bottom_line
    assert status_of(second, authority).bottom_line


def test_replacing_retires_the_old_key_and_states_only_move_forward(signer, folder, settings):
    signed_by(signer)
    old = SigningKey.objects.get()
    settings.SIGNING = replace(settings.SIGNING, keys_dir=folder)
    told = io.StringIO()
    call_command("signing_keys", "--replace", stdout=told)
    assert re.findall(r"(active|retired)$", told.getvalue(), re.MULTILINE) == ["retired", "active"]
    assert signed_by(signer)
    old.refresh_from_db()
    with pytest.raises(key_register.KeyRegisterError, match="cannot become active"):
        key_register.mark(old, SigningKey.State.ACTIVE, at=AT)
    call_command("signing_keys", "--compromised", old.fingerprint[:16], stdout=told)
    old.refresh_from_db()
    changed = old.state_changed_at
    key_register.mark(old, SigningKey.State.COMPROMISED, at=AT)
    old.refresh_from_db()
    assert (old.state, old.state_changed_at) == ("compromised", changed)
    for digits in (old.fingerprint[:15], "0" * 16, "%" * 16):
        with pytest.raises(CommandError, match="Not the beginning"):
            call_command("signing_keys", "--compromised", digits)


@pytest.mark.parametrize("state", [SigningKey.State.RETIRED, SigningKey.State.COMPROMISED])
def test_a_key_that_is_no_longer_active_signs_nothing(signer, state):
    signed_by(signer)
    SigningKey.objects.update(state=state)
    with pytest.raises(signing.SignerUnavailable, match=state):
        signed_by(signer)


def test_a_key_of_ones_own_is_opened_by_its_passphrase(signer, folder, tmp_path):
    pair = keys.make_document_key(keys._load_or_make_authority(folder), at=datetime.now(tz=UTC))
    own = tmp_path / "own.p12"
    own.write_bytes(
        pkcs12.serialize_key_and_certificates(
            b"own", pair.private_key, pair.certificate, list(pair.above), BestAvailableEncryption(b"rahasia")
        )
    )
    opened = local.LocalSigner(replace(settings.SIGNING, pkcs12=own, passphrase="rahasia"))
    assert status_of(signed_by(opened), pair.above[0]).bottom_line
    closed = local.LocalSigner(replace(settings.SIGNING, pkcs12=own, passphrase="salah"))
    with pytest.raises(signing.SignerUnavailable, match=r"own\.p12") as refusal:
        signed_by(closed)
    assert "salah" not in str(refusal.value)


def test_a_missing_or_damaged_key_is_told_by_its_file(signer, folder, tmp_path):
    signed_by(signer)
    (folder / keys.DOCUMENT).write_bytes(b"half")
    with pytest.raises(signing.SignerUnavailable, match=r"document\.p12"):
        local.LocalSigner(replace(settings.SIGNING, keys_dir=folder)).sign(lambda slot: b"", OCCASION)


def test_a_signature_too_large_for_its_slot_is_refused_and_so_is_a_file_without_one():
    slot = signature_slot.SignatureSlot(signed_at="D:20260910033000Z", size=8, name="", reason="", location="")
    pdf = rendering.render_pdf(FACTS, slot=slot)
    with pytest.raises(signature_slot.SlotError, match="9 bytes"):
        signature_slot.fill(pdf, lambda digest: b"x" * 9)
    with pytest.raises(signature_slot.SlotError, match="0 empty"):
        signature_slot.fill(rendering.render_pdf(FACTS), lambda digest: b"x")


def test_names_of_the_signatory_reach_the_signature_whole(signer):
    """Also those that PDF writes as UTF-16."""
    occasion = replace(OCCASION, signatory="Žofia Đặng (M.Si.)")
    pdf = signer.sign(lambda slot: rendering.render_pdf(FACTS, slot=slot), occasion).content
    signature = PdfFileReader(io.BytesIO(pdf)).embedded_signatures[0].sig_object
    assert signature["/Name"] == "Žofia Đặng (M.Si.)"
    assert re.fullmatch(r"D:20260910033000Z", str(signature["/M"]))


def test_a_signature_tells_when_it_was_made_and_not_what_the_caller_says():
    """The demo's certificates are of last year, their key is of today."""
    certificate = issuing.publish_file(issuing.issue(make_completion(), at=LONG_AGO), at=LONG_AGO)
    assert certificate.file
    content = store.read(certificate.file.key)
    made = PdfFileReader(io.BytesIO(content)).embedded_signatures[0].self_reported_timestamp
    assert abs(timezone.now() - made) < timedelta(minutes=5)


def test_another_backend_never_signs_in_its_place():
    with pytest.raises(signing.SignerUnavailable, match="'bsre'"):
        signing.signer_named("bsre")
