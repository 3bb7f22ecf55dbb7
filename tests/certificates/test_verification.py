from __future__ import annotations

import re
import subprocess
import sys
import threading
import time
from datetime import timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.core.cache.backends.filebased import FileBasedCache
from django.test import Client
from django.utils import timezone

from academy import counting
from academy.pages.caching import VERSION_KEY
from certificates import codes, facts, issuing, verification
from certificates.models import Certificate
from certificates.views import verify
from tests.factories import AT, PersonFactory, make_completion

pytestmark = pytest.mark.django_db
UNKNOWN = "ZZZZZZZZZZZZZZZZ"


@pytest.fixture
def certificate() -> Certificate:
    person = PersonFactory(name="Maria Bere", nip="199407122020122003")
    return issuing.publish_file(issuing.issue(make_completion(person), at=AT), at=AT)


def spelled_otherwise(code: str) -> list[str]:
    grouped = codes.grouped(code)
    return [code.lower(), grouped, grouped.lower(), grouped.replace("-", " "), f" {grouped.replace('-', '–')}\n"]


def test_a_code_may_be_typed_in_any_spelling(certificate: Certificate):
    for typed in spelled_otherwise(certificate.code):
        assert verification.look_up(typed).code == certificate.code


def test_letters_that_look_like_digits_are_read_as_digits():
    assert codes.normalise("oOiIlL0011abcdef") == "0011110011ABCDEF"


@pytest.mark.parametrize(
    "typed", ["", " - ", "ABC", "A" * 17, "ABCD-EFGH-JKMN-PQRU", "X" * 201, "\uff11" * 16, "A" * 15 + "\x00"]
)
def test_what_cannot_be_a_code_is_told_so(typed: str, client: Client):
    with pytest.raises(codes.InvalidCode):
        verification.look_up(typed)
    answer = client.get("/verifikasi/", {"kode": typed})
    assert answer.status_code == 200
    assert 'aria-invalid="true"' in answer.content.decode()


def test_what_was_typed_stays_in_the_field(client: Client):
    for address in ("/verifikasi/?kode=ABCD-12", "/V/ABCD-12"):
        page = client.get(address).content.decode()
        assert 'value="ABCD-12"' in page


def test_a_certificate_of_an_earlier_template_stays_readable(
    certificate: Certificate, client: Client, monkeypatch: pytest.MonkeyPatch
):
    """Its row has a fact that no template prints any more, and lacks two that only later ones print."""
    stored = {name: value for name, value in certificate.facts.items() if name != "government"}
    lacking = [{name: value for name, value in one.items() if name != "minutes"} for one in stored["modules"]]
    earlier = {
        "template_version": "sttp-2025.1",
        "motto": "Cerdas",
        "modules": [one | {"room": "A"} for one in lacking],
    }
    Certificate.objects.filter(pk=certificate.pk).update(facts=stored | earlier)
    monkeypatch.setitem(facts.NOT_YET_KNOWN, "sttp-2025.1", {"government": "Pemerintah Provinsi NTT"})
    monkeypatch.setitem(facts.NOT_YET_KNOWN_OF_MODULES, "sttp-2025.1", {"minutes": 0})
    answer = client.get(f"/V/{certificate.code}")
    assert answer.status_code == 200
    assert "Maria Bere" in answer.content.decode()
    read = verification.look_up(certificate.code).facts
    assert read is not None
    assert (read.government, read.modules[0].minutes) == ("Pemerintah Provinsi NTT", 0)


def test_a_genuine_certificate_shows_every_printed_fact(certificate: Certificate, client: Client):
    answer = client.get(f"/V/{certificate.code}")
    page = answer.content.decode()
    assert answer.status_code == 200
    assert "Sertifikat ini asli dan berlaku" in page
    for fact in (
        "Surat Tanda Tamat Pelatihan", certificate.number, "Maria Bere, S.Kom.", "Penata Muda, III/a",
        "Pranata Komputer Ahli Pertama", "Dinas Komunikasi dan Informatika", certificate.facts["agency"],
        certificate.facts["course"], "Kelas Mandiri Tahun 2026, Edisi 1.0", "24 November 2026", "3 (tiga) jam pelajaran",
        "88 (batas lulus 70)", "Kupang, 24 November 2026", "Pemerintah Provinsi Nusa Tenggara Timur",
        "Badan Pengembangan Sumber Daya Manusia Daerah Provinsi Nusa Tenggara Timur", "Dr. Yosefina Contoh, M.Si.",
        "Kepala Badan", "Modul pertama", codes.grouped(certificate.code),
    ):  # fmt: skip
        assert fact in page


def test_of_a_nip_only_the_last_four_digits_are_shown(certificate: Certificate, client: Client):
    page = client.get(f"/V/{certificate.code}").content.decode()
    assert "199407122020122003" not in page
    assert "1994" not in page
    assert "2003" in page
    assert "197004181995032001" not in page
    assert certificate.facts_sha256 not in page


def test_the_page_is_neither_kept_nor_indexed_and_light(certificate: Certificate, client: Client):
    answer = client.get(f"/V/{certificate.code}")
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.headers["X-Robots-Tag"] == "noindex"
    assert len(answer.content) < 30_000
    assert "http://" not in answer.content.decode().replace("http://www.w3.org", "").replace("http://testserver", "")


def test_the_check_asks_few_questions(certificate: Certificate, client: Client, django_assert_max_num_queries):
    client.get("/verifikasi/")  # the organiser in the page's footer is kept
    with django_assert_max_num_queries(3):
        client.get(f"/V/{certificate.code}")
    with django_assert_max_num_queries(3):
        client.get(f"/V/{UNKNOWN}")
    Certificate.objects.update(superseded_at=AT)
    with django_assert_max_num_queries(3):
        client.get(f"/V/{certificate.code}")


def test_a_kept_page_asks_once_and_follows_the_register_at_once(
    certificate: Certificate, client: Client, django_assert_num_queries
):
    first = client.get(f"/V/{certificate.code}").content.decode()
    with django_assert_num_queries(1):
        again = client.get(f"/V/{certificate.code}")
    assert "Sertifikat ini asli dan berlaku" in again.content.decode()
    assert re.search(r"Diperiksa \d+ \w+ \d{4}, \d\d\.\d\d WITA", again.content.decode())
    assert len(again.content.decode()) == len(first)
    assert again.headers["Cache-Control"] == "no-store"
    client.cookies["bahasa"] = "en"
    assert "genuine and valid" in client.get(f"/V/{certificate.code}").content.decode()
    del client.cookies["bahasa"]
    Certificate.objects.update(revoked_at=AT)
    assert "Sertifikat ini telah dicabut" in client.get(f"/V/{certificate.code}").content.decode()


def test_who_is_signed_in_sees_the_verdict_in_their_own_page(certificate: Certificate, client: Client):
    client.get(f"/V/{certificate.code}")
    client.force_login(PersonFactory(name="Yohanis Taek"), backend="academy.people.signin.NipOrEmailBackend")
    assert "Yohanis Taek" in client.get(f"/V/{certificate.code}").content.decode()
    client.logout()
    assert "Yohanis Taek" not in client.get(f"/V/{certificate.code}").content.decode()


def test_other_spellings_lead_to_the_one_address(certificate: Certificate, client: Client):
    code = certificate.code
    for address in (
        f"/v/{code}",
        f"/V/{code.lower()}",
        f"/v/{codes.grouped(code)}",
        f"/V/{code}/",
        f"/V/{codes.grouped(code)}/",
    ):
        answer = client.get(address)
        assert (answer.status_code, answer.headers["Location"]) == (301, f"/V/{code}")
    answer = client.get("/verifikasi/", {"kode": codes.grouped(code).lower()})
    assert (answer.status_code, answer.headers["Location"]) == (302, f"/V/{code}")


def test_an_unknown_code_is_refused_plainly(client: Client):
    answer = client.get(f"/V/{UNKNOWN}")
    assert answer.status_code == 404
    assert "Kode ini tidak dikenal" in answer.content.decode()


def test_what_is_not_published_is_unknown(client: Client):
    certificate = issuing.issue(make_completion(), at=AT)
    assert verification.look_up(certificate.code).outcome == "unknown"


def test_a_revoked_one_says_so_and_since_when(certificate: Certificate, client: Client):
    Certificate.objects.update(revoked_at=AT + timedelta(days=1), revocation_reason="terbit ganda")
    page = client.get(f"/V/{certificate.code}").content.decode()
    assert "Sertifikat ini telah dicabut" in page
    assert "25 November 2026" in page
    assert "terbit ganda" in page
    assert "asli dan berlaku" not in page


def test_a_replaced_one_leads_to_its_successor(certificate: Certificate, client: Client):
    Certificate.objects.update(superseded_at=AT)
    successor = Certificate.objects.get()
    successor.pk, successor.file, successor.published_at = None, None, None
    successor.revision, successor.sequence, successor.number = 2, 2, "0002/X/2026"
    successor.code, successor.superseded_at, successor.status_index = UNKNOWN, None, None
    successor.facts |= {"code": UNKNOWN}
    successor.save()
    assert verification.look_up(certificate.code).replaced_by is None
    issuing.publish_file(successor, at=AT)
    page = client.get(f"/V/{certificate.code}").content.decode()
    assert "Sertifikat ini telah diganti" in page
    assert f'href="/V/{UNKNOWN}"' in page


def test_one_with_a_last_day_expires_after_it_and_its_page_is_not_kept(certificate: Certificate, client: Client):
    today = timezone.now().astimezone(ZoneInfo("Asia/Makassar")).date()
    for last, sentence in ((today, "asli dan berlaku"), (today - timedelta(days=1), "masa berlakunya")):
        Certificate.objects.update(facts=certificate.facts | {"valid_until": last.isoformat()})
        page = client.get(f"/V/{certificate.code}").content.decode()
        assert sentence in page
    assert verification.look_up(certificate.code).outcome == "expired"
    assert client.get(f"/api/v1/verifikasi/{certificate.code}").json()["verdict"] == "expired"


def test_checks_that_were_not_made_are_never_a_yes(certificate: Certificate):
    assert verification.look_up(certificate.code).checks == {
        "registered": "yes", "not_revoked": "yes", "not_replaced": "yes", "file": "unknown",
    }  # fmt: skip
    assert set(verification.look_up(UNKNOWN).checks.values()) == {"no", "unknown"}


def test_changes_are_refused_by_method(client: Client):
    assert client.post("/verifikasi/").status_code == 405
    assert client.post(f"/V/{UNKNOWN}").status_code == 405


def test_one_address_may_check_so_often_a_minute(client: Client, monkeypatch: pytest.MonkeyPatch):
    assert verify.PER_MINUTE >= 30
    monkeypatch.setattr(verify, "PER_MINUTE", 3)
    statuses = [client.get(f"/V/{UNKNOWN}", REMOTE_ADDR="203.0.113.7").status_code for _ in range(4)]
    refused = client.get(f"/V/{UNKNOWN}", REMOTE_ADDR="203.0.113.7")
    assert [*statuses, refused.status_code] == [404, 404, 404, 429, 429]
    assert 1 <= int(refused.headers["Retry-After"]) <= 60
    forged = client.get(f"/V/{UNKNOWN}", REMOTE_ADDR="203.0.113.7", headers={"X-Forwarded-For": "198.51.100.1"})
    assert forged.status_code == 429
    assert client.get(f"/V/{UNKNOWN}", REMOTE_ADDR="203.0.113.8").status_code == 404


def test_the_limit_counts_for_all_processes_and_threads(settings):
    counted: list[int] = []

    def ask() -> None:
        counted.extend(counting.count("limit", seconds=60)[0] for _ in range(25))

    threads = [threading.Thread(target=ask) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    ask_elsewhere = (
        "import django; django.setup(); from academy import counting; from django.conf import settings; "
        f"settings.COUNTS_PATH = {str(settings.COUNTS_PATH)!r}; print(counting.count('limit', seconds=60)[0])"
    )
    other = subprocess.run([sys.executable, "-c", ask_elsewhere], check=True, capture_output=True, text=True)
    assert sorted(counted) == list(range(1, 101))
    assert other.stdout.split()[-1] == "101"


def test_a_count_starts_anew_when_its_time_is_over():
    assert [counting.count("short", seconds=1)[0] for _ in range(2)] == [1, 2]
    assert counting.total("short") == 2
    time.sleep(1.1)
    assert counting.total("short") == 0
    assert counting.count("short", seconds=1)[0] == 1


def test_a_store_that_fails_refuses_nobody(settings, tmp_path):
    settings.COUNTS_PATH = tmp_path
    assert counting.count("limit", seconds=60) == (0, 0.0)


def test_a_whole_link_is_taken_and_a_number_is_named():
    assert codes.normalise(" http://localhost:8000/V/7KQ4M2XD9TWRH3PB ") == "7KQ4M2XD9TWRH3PB"
    with pytest.raises(codes.InvalidCode, match="nomor sertifikat"):
        codes.normalise("0106/BPSDMD-NTT/XI/2026")


def test_a_check_that_is_kept_asks_the_cache_for_it_and_for_nothing_else(certificate, client, monkeypatch):
    client.get(f"/V/{certificate.code}")
    asked: list[str] = []
    real = FileBasedCache.get

    def get(self: FileBasedCache, key: str, *rest: Any, **more: Any) -> Any:
        asked.append(key)
        return real(self, key, *rest, **more)

    monkeypatch.setattr(FileBasedCache, "get", get)
    assert client.get(f"/V/{certificate.code}").status_code == 200
    assert [key.split(":")[0] for key in asked] == [VERSION_KEY, "verdict"]
