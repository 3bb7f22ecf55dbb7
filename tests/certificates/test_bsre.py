"""Sealing by BSrE, against a stand-in that speaks its protocol over HTTP: what is published, and what never is."""

from __future__ import annotations

import io
import json
import logging
import stat
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from django.core import mail
from django.utils import timezone
from pyhanko.pdf_utils.reader import PdfFileReader

from academy.env import Bsre
from certificates import issuing, rendering, signing, store
from certificates.models import Certificate, CertificateFile
from certificates.signing import bsre, gateway, validation
from certificates.verification import Answer
from courses.models import Completion
from tests.certificates.bsre_server import FIRST_CODE, PASSWORD, SUBSCRIBER, USER, BsreServer
from tests.certificates.bsre_server import sign as sign_like_bsre
from tests.certificates.test_rendering import FACTS, LONG, run
from tests.factories import make_completion

pytestmark = pytest.mark.django_db


@pytest.fixture
def server(settings, tmp_path: Path) -> Iterator[BsreServer]:
    """The gateway, and an installation that seals there."""
    server = BsreServer()
    server.start()
    trust = tmp_path / "bsre.pem"
    trust.write_bytes(server.root.pem)
    at_bsre = Bsre(
        url=server.url, user=USER, password=PASSWORD, subscriber=SUBSCRIBER, totp=FIRST_CODE, trust=trust, ca=None
    )
    settings.SIGNING = replace(settings.SIGNING, backend=bsre.SEAL, keys_dir=tmp_path / "keys", bsre=at_bsre)
    signing.signer_named.cache_clear()
    yield server
    server.stop()
    signing.signer_named.cache_clear()


def publish() -> Certificate:
    now = timezone.now()
    return issuing.publish_file(issuing.issue(make_completion(), at=now), at=now)


def content_of(certificate: Certificate) -> bytes:
    assert certificate.file
    return store.read(certificate.file.key)


def test_a_certificate_is_sealed_and_says_so(server, tmp_path):
    certificate = publish()
    content = content_of(certificate)
    found = validation.validate(content, roots=[server.root.asn1_certificate])
    assert found.is_good
    assert certificate.file
    assert (certificate.file.level, certificate.file.signing_key, found.signer) == (
        "BSrE",
        None,
        "Common Name: Segel BPSDMD (tiruan), Country: ID",
    )
    path = tmp_path / "sealed.pdf"
    path.write_bytes(content)
    printed = " ".join(run("pdftotext", "-raw", path, "-").split())
    assert "segel elektronik instansi yang diterbitkan oleh Balai Besar Sertifikasi Elektronik (BSrE)" in printed
    assert "kunci akademi" not in printed
    told = run("pdfsig", "-nocert", path)
    assert "Signature is Valid." in told
    assert "Total document signed" in told


def test_what_is_sent_is_clean_unsigned_and_invisible(server, tmp_path):
    publish()
    path, body = server.asked[-1]
    assert path == "/api/v2/seal/pdf"
    assert [one["tampilan"] for one in body["signatureProperties"]] == ["INVISIBLE"]
    sent = tmp_path / "sent.pdf"
    sent.write_bytes(bsre._decoded(body["file"][0]) or b"")
    assert "No syntax or stream encoding errors" in run("qpdf", "--check", sent)
    assert PdfFileReader(io.BytesIO(sent.read_bytes())).embedded_signatures == []


@pytest.mark.parametrize("signed_by", [bsre.SEAL, bsre.SIGN])
def test_the_sentences_about_bsre_leave_page_one_whole(signed_by):
    for facts in (FACTS, LONG):
        assert rendering.render_pdf(replace(facts, signed_by=signed_by)).startswith(b"%PDF")


NOT_THE_ROWS_FAULT = ["500", "401", "redirect", "a web page"]
REFUSED = {
    "wrong passphrase": "Sandi (passphrase) salah.",
    "not registered": "belum terdaftar di BSrE",
    "expired": "BSrE menolak menandatangani (kode 2021)",
    "another file": "tidak diawali berkas yang dikirim",
    "unsigned": "tidak diawali berkas yang dikirim",
    "changed text": "Lebih dari tanda tangan yang ditambahkan",
    "foreign key": "tidak berujung pada akar yang dipercaya",
    "altered after": "tidak mencakup seluruh berkas",
    "truncated": "bukan berkas yang dikirim",
    "missing": "bukan berkas yang dikirim",
    "no list": "bukan berkas yang dikirim",
    "huge": "jauh lebih besar",
}


@pytest.mark.parametrize("mood", NOT_THE_ROWS_FAULT)
def test_a_gateway_that_is_away_delays_the_paper_and_counts_no_try(server, mood):
    server.mood = mood
    with pytest.raises(signing.SignerUnavailable):
        publish()
    owed_with(tries=0, error="SignerUnavailable")


@pytest.mark.parametrize("mood", REFUSED)
def test_what_is_refused_or_comes_back_wrong_is_named_and_never_published(server, mood):
    server.mood = mood
    with pytest.raises(signing.SigningRefused):
        publish()
    owed_with(tries=1, error=REFUSED[mood])
    server.mood = ""
    assert issuing.sweep(at=timezone.now(), limit=5).published == 1


def owed_with(*, tries: int, error: str) -> None:
    row = Certificate.objects.get()
    assert (row.published_at, row.file, row.lease_until, row.tries) == (None, None, None, tries)
    assert error in row.last_error
    assert not CertificateFile.objects.exists()
    assert not list(store.keys())
    assert mail.outbox == []


def test_a_gateway_that_does_not_answer_in_time_is_away(server, monkeypatch):
    monkeypatch.setattr(gateway, "SHORT_READ_SECONDS", 0.2)
    monkeypatch.setattr(bsre, "SHORT_READ_SECONDS", 0.2)
    server.slowness = 1
    with pytest.raises(signing.SignerUnavailable, match="Timeout"):
        publish()
    owed_with(tries=0, error="SignerUnavailable")


def test_down_for_a_minute_paper_waits_credit_counts_and_afterwards_everything_is_published(server):
    server.stop()
    completions = [make_completion() for _number in range(3)]
    now = timezone.now()
    for minute in range(2):
        swept = issuing.sweep(at=now + timedelta(minutes=minute), limit=10)
        assert (swept.published, swept.failed) == (0, 3)
    assert Completion.objects.filter(outcome="passed").count() == len(completions)
    waiting = Certificate.objects.all()
    assert {(row.tries, row.published_at, row.lease_until) for row in waiting} == {(0, None, None)}
    server.start()
    assert issuing.sweep(at=now + timedelta(minutes=2), limit=10).published == 3
    assert set(CertificateFile.objects.values_list("level", flat=True)) == {"BSrE"}


def test_another_backend_never_signs_in_its_place(server, settings):
    """Neither for a row that was to be sealed, nor the other way round."""
    sealed_later = issuing.issue(make_completion(), at=timezone.now())
    settings.SIGNING = replace(settings.SIGNING, backend="local")
    signing.signer_named.cache_clear()
    with pytest.raises(signing.SignerUnavailable, match="bsre-seal"):
        issuing.publish_file(sealed_later, at=timezone.now())
    owed_with(tries=0, error="bsre-seal")
    assert server.asked == []


def test_the_activation_is_renewed_before_it_ends_and_kept_for_its_owner_only(server, settings):
    server.activation_lasts = timedelta(hours=5)
    publish()
    first = server.activation
    publish()
    assert server.activation != first, "it would have ended within six hours"
    server.activation_lasts = timedelta(hours=24)
    publish()
    kept = server.activation
    publish()
    assert server.activation == kept
    path = settings.SIGNING.keys_dir / bsre.ACTIVATION
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert json.loads(path.read_text())["totp"] == kept


def test_a_new_activation_takes_the_place_of_the_kept_one(server, settings):
    publish()
    server.activation = "AKTIVASI-BARU"
    with pytest.raises(signing.SignerUnavailable, match="SIGNING_BSRE_TOTP"):
        publish()
    renewed = replace(settings.SIGNING.bsre, totp="AKTIVASI-BARU")
    settings.SIGNING = replace(settings.SIGNING, bsre=renewed)
    signing.signer_named.cache_clear()
    assert issuing.sweep(at=timezone.now(), limit=5).published == 1


def test_missing_roots_delay_the_paper(server, settings):
    settings.SIGNING.bsre.trust.write_text("-----BEGIN CERTIFICATE-----\nrusak\n-----END CERTIFICATE-----\n")
    with pytest.raises(signing.SignerUnavailable, match="SIGNING_BSRE_TRUST"):
        publish()


def test_no_secret_reaches_logs_rows_or_errors(server, settings, caplog, tmp_path):
    caplog.set_level(logging.DEBUG)
    for mood in ("", "500", "401", "wrong passphrase", "truncated"):
        server.mood = mood
        make_completion()
        issuing.sweep(at=timezone.now(), limit=5)
    secrets = [PASSWORD, FIRST_CODE, server.activation]
    told = caplog.text + repr(settings.SIGNING) + json.dumps(list(Certificate.objects.values()), default=str)
    assert [one for one in secrets if one in told] == []
    files = [path for path in tmp_path.rglob("*") if path.is_file() and path.name != bsre.ACTIVATION]
    assert [path for path in files if any(one.encode() in path.read_bytes() for one in secrets)] == []


def test_a_second_signature_and_hostile_bytes_are_answered_and_not_raised(server):
    plain = rendering.render_pdf(FACTS)
    once = sign_like_bsre(plain, server.signer, server.root)
    roots = [server.root.asn1_certificate]
    assert validation.validate(plain, roots=roots).one_signature.answer == Answer.NO
    unreadable = (
        b"",
        b"%PDF-1.7",
        b"\x00" * 999,
        once.replace(b"/ByteRange", b"/ByteRang_"),
        once.replace(b"obj", b"obh"),
    )
    for hostile in unreadable:
        with pytest.raises(validation.UnreadableFile, match="while reading"):
            validation.validate(hostile, roots=roots)
    cut = once[: len(plain)]
    assert validation.validate(cut, roots=roots).one_signature.answer == Answer.NO
