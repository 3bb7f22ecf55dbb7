"""An official signs a batch at a page: what is published, what waits, and where the passphrase never is."""

from __future__ import annotations

import json
import logging
import subprocess
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from django.conf import settings
from django.contrib.sessions.models import Session
from django.test import Client
from django.utils import timezone

from academy.api import probes
from academy.env import Bsre
from academy.notifications.models import Message
from academy.people.models import Role
from certificates import batch_signing, issuing, signing, store
from certificates.models import Certificate, CertificateFile
from certificates.signing import bsre, validation
from tests.certificates.bsre_server import NIK, PASSPHRASE, PASSWORD, USER, BsreServer
from tests.factories import PersonFactory, make_completion
from tests.people.test_operator_pages import signed_in

pytestmark = pytest.mark.django_db
PAGE = "/pengelola/tanda-tangan/"


@pytest.fixture
def server(settings, tmp_path: Path) -> Iterator[BsreServer]:
    """The gateway, and an installation whose certificates officials sign there."""
    server = BsreServer()
    server.start()
    trust = tmp_path / "bsre.pem"
    trust.write_bytes(server.root.pem)
    at_bsre = Bsre(url=server.url, user=USER, password=PASSWORD, subscriber="", totp="", trust=trust, ca=None)
    settings.SIGNING = replace(settings.SIGNING, backend=bsre.SIGN, keys_dir=tmp_path / "keys", bsre=at_bsre)
    signing.signer_named.cache_clear()
    yield server
    server.stop()
    signing.signer_named.cache_clear()


@pytest.fixture
def waiting(server) -> list[Certificate]:
    """Three certificates of one organiser."""
    first = make_completion()
    others = [make_completion(PersonFactory(), edition=first.edition) for _number in range(2)]
    return [issuing.issue(completion, at=timezone.now()) for completion in (first, *others)]


@pytest.fixture
def organiser(client: Client, waiting) -> Client:
    signed_in(client, Role.Kind.ORGANISER, waiting[0].organiser.unit)
    return client


def send(client: Client, certificates: list[Certificate], **changed: str):
    fields = {"penanda": NIK, "passphrase": PASSPHRASE, "totp": ""} | changed
    return client.post(PAGE, fields | {"sertifikat": [str(one.pk) for one in certificates]})


def states() -> list[tuple[bool, int, bool]]:
    """Of each certificate: whether it is out, its tries, whether somebody holds it."""
    rows = Certificate.objects.order_by("pk")
    return [(row.published_at is not None, row.tries, row.lease_until is not None) for row in rows]


WAITS = (False, 0, False)


def test_no_worker_signs_counts_or_alarms(waiting):
    swept = issuing.sweep(at=timezone.now(), limit=10)
    assert (swept.published, swept.failed) == (0, 0)
    assert issuing.publish_file(waiting[0], at=timezone.now()).published_at is None
    assert states() == [WAITS] * 3
    assert list(issuing.waiting_for_signatory()) == waiting
    assert not issuing.owed_files().exists()


def test_an_official_signs_what_waits(organiser, waiting, server):
    page = organiser.get(PAGE)
    assert "3 sertifikat menunggu penanda tangan" in page.content.decode()
    assert "no-store" in page["Cache-Control"]
    told = send(organiser, waiting)
    assert told.status_code == 302
    assert "3 sertifikat ditandatangani dan terbit" in organiser.get(PAGE).content.decode()
    assert states() == [(True, 1, False)] * 3
    assert [path for path, _body in server.asked] == ["/api/v2/user/check/status", "/api/v2/sign/pdf"]
    for file in CertificateFile.objects.all():
        assert file.level == "BSrE"
        content = store.read(file.key)
        assert validation.validate(content, roots=[server.root.asn1_certificate]).is_good
    assert Message.objects.count() == 3


def test_pressing_twice_signs_once(organiser, waiting, server):
    send(organiser, waiting)
    organiser.get(PAGE)
    published = list(Certificate.objects.values("pk", "published_at", "file"))
    send(organiser, waiting)
    assert "3 sudah ditandatangani" in organiser.get(PAGE).content.decode()
    assert list(Certificate.objects.values("pk", "published_at", "file")) == published
    assert [path for path, _body in server.asked].count("/api/v2/sign/pdf") == 1


def test_what_another_window_is_signing_is_left_to_it(organiser, waiting):
    issuing.claim(issuing.signable(at=timezone.now()).filter(pk=waiting[0].pk), at=timezone.now())
    send(organiser, waiting)
    assert "1 sudah ditandatangani atau sedang ditandatangani di jendela lain" in organiser.get(PAGE).content.decode()
    assert [out for out, _tries, _held in states()] == [False, True, True]


@pytest.mark.parametrize(
    ("mood", "status", "words"),
    [
        ("wrong passphrase", "ISSUE", "Sandi (passphrase) salah"),
        ("not registered", "ISSUE", "belum terdaftar di BSrE"),
        ("", "NOT_REGISTERED", "belum terdaftar di BSrE"),
        ("", "EXPIRED", "telah habis masa berlakunya"),
        ("", "SUSPEND", "sedang dibekukan"),
        ("", "REVOKE", "telah dicabut"),
        ("", "NO_CERTIFICATE", "belum memiliki sertifikat elektronik"),
        ("", "???", "tidak menyatakan"),
        ("500", "ISSUE", "sedang tidak dapat dihubungi"),
        ("401", "ISSUE", "sedang tidak dapat dihubungi"),
        ("huge", "ISSUE", "jauh lebih besar"),
    ],
)
def test_what_bsre_refuses_is_said_and_nothing_changes(organiser, waiting, server, mood, status, words):
    server.mood, server.status = mood, status
    answer = send(organiser, waiting)
    page = answer.content.decode()
    assert answer.status_code == 422
    assert words in page
    assert NIK in page, "what was typed stays"
    assert PASSPHRASE not in page
    assert states() == [WAITS] * 3
    assert not CertificateFile.objects.exists()
    server.mood, server.status = "", "ISSUE"
    send(organiser, waiting)
    assert states() == [(True, 1, False)] * 3


def test_a_gateway_that_is_down_loses_nothing(organiser, waiting, server):
    server.stop()
    assert "tidak ada yang hilang" in send(organiser, waiting).content.decode()
    assert states() == [WAITS] * 3


@pytest.mark.parametrize(("mood", "published"), [("missing", 2), ("one bad", 2), ("other order", 3), ("truncated", 0)])
def test_each_file_that_comes_back_is_judged_by_itself(organiser, waiting, server, mood, published):
    server.mood = mood
    send(organiser, waiting)
    page = organiser.get(PAGE).content.decode()
    assert Certificate.objects.published().count() == published == CertificateFile.objects.count()
    assert page.count("belum ditandatangani:") == 3 - published
    left = Certificate.objects.filter(published_at=None)
    assert all((row.tries, row.lease_until) == (1, None) and row.last_error for row in left)
    for row in Certificate.objects.published().select_related("file"):
        assert row.file
        path = Path(settings.CERTIFICATES_ROOT) / row.file.key
        assert row.number.encode() in _text_of(path), "every file stands at its own certificate"


def test_a_signed_file_is_not_taken_for_another_certificates(organiser, waiting, server):
    server.mood = "foreign key"
    send(organiser, waiting)
    assert not CertificateFile.objects.exists()
    assert [row.tries for row in Certificate.objects.all()] == [1, 1, 1]
    assert "tidak berujung pada akar yang dipercaya" in organiser.get(PAGE).content.decode()


def test_a_one_time_code_signs_too(organiser, waiting, server):
    assert "mengirim kode sekali pakai" in send(organiser, waiting, aksi="kode", passphrase="").content.decode()
    assert states() == [WAITS] * 3
    assert server.asked[-1] == ("/api/v2/sign/get/totp", {"nik": NIK, "data": 3})
    send(organiser, waiting, passphrase="", totp=server.sent_code)
    assert Certificate.objects.published().count() == 3


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"penanda": "123"}, "16 angka NIK"),
        ({"penanda": ""}, "harus diisi"),
        ({"passphrase": ""}, "Isi salah satu"),
        ({"totp": "123456"}, "Isi salah satu"),
        ({"totp": "<script>"}, "valid"),
        ({"passphrase": "x" * 201}, "200"),
    ],
)
def test_bad_input_is_refused_before_anything_is_asked(organiser, waiting, server, fields, words):
    answer = send(organiser, waiting, **fields)
    assert answer.status_code == 422
    assert words in answer.content.decode()
    assert server.asked == []


@pytest.mark.parametrize("odd", ["9223372036854775808", "-1", "²", "a\x00b", "1e309", "x" * 10_000])
def test_odd_choices_are_refused(organiser, waiting, server, odd):
    answer = organiser.post(PAGE, {"sertifikat": [odd], "penanda": NIK, "passphrase": PASSPHRASE})
    assert answer.status_code == 422
    for field in ("penanda", "totp"):
        assert send(organiser, waiting, **{field: odd}).status_code == 422


def test_a_lease_that_nobody_holds_any_more_is_taken_over(organiser, waiting):
    """As after a killed request: two minutes later the certificates wait as before."""
    began = timezone.now() - 2 * issuing.LEASE
    for _row in waiting:
        assert issuing.claim(issuing.signable(at=began), at=began)
    send(organiser, waiting)
    assert Certificate.objects.published().count() == 3


def test_a_lost_lease_publishes_nothing(waiting, server):
    """Another window took the row over meanwhile."""
    began = timezone.now() - 2 * issuing.LEASE
    mine = issuing.claim(issuing.signable(at=began).filter(pk=waiting[0].pk), at=began)
    assert mine
    assert issuing.claim(issuing.signable(at=timezone.now()).filter(pk=mine.pk), at=timezone.now())
    signed = signing.SignedFile(content=b"%PDF-1.7", level="BSrE")
    assert not issuing.publish(mine, signed, None, at=began)
    assert not Certificate.objects.published().exists()


def test_a_disk_that_refuses_leaves_the_certificates_waiting(organiser, waiting, settings, tmp_path):
    (tmp_path / "file").write_text("no folder")
    settings.CERTIFICATES_ROOT = tmp_path / "file"
    assert "sedang tidak dapat disimpan" in send(organiser, waiting).content.decode()
    assert states() == [WAITS] * 3


def test_a_missing_credential_key_counts_no_try(organiser, waiting, settings):
    folder = settings.SIGNING.keys_dir
    folder.mkdir(exist_ok=True)
    (folder / "credential.pem").write_text("half")
    assert send(organiser, waiting).status_code == 422
    assert states() == [WAITS] * 3


def test_only_certificates_of_ones_own_organiser_can_be_chosen(organiser, waiting, server):
    foreign = issuing.issue(make_completion(), at=timezone.now())
    assert foreign.number not in organiser.get(PAGE).content.decode()
    assert send(organiser, [foreign]).status_code == 422
    assert send(organiser, []).status_code == 422
    assert server.asked == []


def test_more_than_a_batch_is_refused(organiser, waiting, monkeypatch, server):
    monkeypatch.setattr(batch_signing, "MOST_AT_ONCE", 2)
    assert "Paling banyak 2 sekaligus" in send(organiser, waiting).content.decode()
    assert server.asked == []


def test_where_workers_sign_the_page_signs_nothing(organiser, waiting, server, settings):
    settings.SIGNING = replace(settings.SIGNING, backend="local")
    answer = send(organiser, waiting)
    assert "menandatangani sertifikat tanpa pejabat" in answer.content.decode()
    assert states() == [WAITS] * 3


def test_the_holder_reads_that_the_paper_is_being_signed(organiser, waiting, server):
    holder = Client()
    holder.force_login(waiting[0].completion.person)
    page = holder.get("/sertifikat/").content.decode()
    assert "Sedang ditandatangani" in page
    assert f"/sertifikat/{waiting[0].code}.pdf" not in page
    assert holder.get(f"/api/v1/verifikasi/{waiting[0].code}").status_code == 404


def test_waiting_for_a_person_is_no_alarm(waiting):
    Certificate.objects.update(issued_at=timezone.now() - timedelta(days=3))
    assert probes._owed_certificates(timezone.now())[0] == 0


def test_a_row_of_the_first_template_waits_for_the_local_key(waiting):
    """Its facts do not name a signer: there was only that one."""
    row = waiting[0]
    del row.facts["signed_by"]
    row.save(update_fields=["facts"])
    assert list(issuing.waiting_for_another_backend()) == [row]
    assert row not in issuing.waiting_for_signatory()


def test_the_passphrase_is_nowhere_afterwards(organiser, waiting, server, settings, caplog, tmp_path):
    caplog.set_level(logging.DEBUG)
    for mood in ("wrong passphrase", "500", "truncated", "not registered", ""):
        server.mood = mood
        send(organiser, waiting)
        organiser.get(PAGE)
    assert Certificate.objects.published().count() == 3
    rows = [
        *Certificate.objects.values(),
        *Message.objects.values(),
        *CertificateFile.objects.values("key", "credential"),
    ]
    told = caplog.text + json.dumps(rows, default=str)
    told += "".join(json.dumps(session.get_decoded()) for session in Session.objects.all())
    assert PASSPHRASE not in told
    assert NIK not in told
    held = [path for path in tmp_path.rglob("*") if path.is_file() and PASSPHRASE.encode() in path.read_bytes()]
    assert held == []
    assert PASSPHRASE not in repr(bsre.Identity(nik=NIK, passphrase=PASSPHRASE))


def _text_of(path: Path) -> bytes:
    return subprocess.run(["pdftotext", "-raw", str(path), "-"], capture_output=True, check=True).stdout
