"""The transcript of a year: what counted, of whom, as of when; a sheet that outside judges accept."""

from __future__ import annotations

import subprocess
from datetime import date, timedelta
from pathlib import Path

import pytest
from django.test import Client

from academy.dashboard import transcript
from academy.people import nip
from academy.people.models import Person
from certificates import codes, issuing, reissuing
from certificates.models import Certificate
from courses.credit_hours import credit_hours
from tests.certificates import validators
from tests.certificates.gathering import make_published
from tests.factories import AT, CourseFactory, PersonFactory, make_completion, make_edition

pytestmark = pytest.mark.django_db


@pytest.fixture
def person() -> Person:
    return PersonFactory(name="Yosefina Talan-Ndolu")


def earned(person: Person, title: str, **fields) -> Certificate:
    edition = make_edition(CourseFactory(title=title))
    return make_published(person, edition=edition, **fields)


def text_of(pdf: bytes, tmp_path: Path) -> str:
    file = tmp_path / "transkrip.pdf"
    file.write_bytes(pdf)
    found = subprocess.run(["pdftotext", "-layout", str(file), "-"], capture_output=True, check=True)
    return found.stdout.decode()


def drawn(person: Person, *, year: int = 2026) -> bytes:
    return transcript.draw(transcript.gather(person, year=year, at=AT), zone="Asia/Makassar")


def test_it_says_who_what_and_as_of_when(person, tmp_path):
    certificate = earned(person, "Keamanan Informasi Dasar")
    make_completion(person, edition=make_edition(CourseFactory(title="Arsitektur SPBE")))
    text = text_of(drawn(person), tmp_path)
    for wanted in (
        person.full_name, nip.grouped(str(person.nip)), "Dinas Komunikasi dan Informatika", "Keamanan Informasi Dasar",
        certificate.number, codes.grouped(certificate.code), "sedang dibuat", "24 November 2026 pukul 14.30 WITA",
    ):  # fmt: skip
        assert wanted in text, wanted
    assert "6" in text.split("Jumlah JP yang diakui")[1].split("\n")[0]


def test_its_total_is_that_of_credit_hours_and_its_lines_add_up(person):
    earned(person, "Kini")
    earned(person, "Dicabut, JP tetap", revoked_at=AT)
    earned(person, "Dicabut dengan JP", revoked_at=AT, annuls_credit=True)
    before = earned(person, "Tahun lalu")
    type(before.completion).objects.filter(pk=before.completion_id).update(completed_on=date(2025, 12, 31))
    earned(PersonFactory(), "Milik orang lain")
    found = transcript.gather(person, year=2026, at=AT)
    assert sorted(line.course for line in found.lines) == ["Dicabut, JP tetap", "Kini"]
    assert found.credit_hours == credit_hours(person, year=2026) == 6
    assert [line.is_revoked for line in sorted(found.lines, key=lambda one: one.course)] == [True, False]


def test_of_a_corrected_certificate_the_newest_stands_on_it(person):
    old = earned(person, "Kini")
    new = reissuing.reissue(old, correction="Nama", by=PersonFactory(), at=AT + timedelta(hours=1))
    (line,) = transcript.gather(person, year=2026, at=AT).lines
    assert (line.number, line.is_revoked) == ("", False)  # on its way
    issuing.publish_file(new, at=AT + timedelta(hours=1))
    (line,) = transcript.gather(person, year=2026, at=AT).lines
    assert (line.number, line.credit_hours) == (new.number, 3)


def test_outside_judges_accept_it(person, tmp_path):
    for number in range(30):
        earned(person, f"Pelatihan dengan nama yang cukup panjang sehingga turun ke baris kedua nomor {number}")
    file = tmp_path / "transkrip.pdf"
    file.write_bytes(drawn(person))
    assert validators._of_verapdf_as("ua1", file) == []


def test_texts_of_others_stay_text(tmp_path):
    person = PersonFactory(name="<img src='file:///etc/passwd'>")
    earned(person, "<script>alert(1)</script> & Co")
    text = text_of(drawn(person), tmp_path)
    assert "<script>alert(1)</script> & Co" in text
    assert "<img src='file:///etc/passwd'>" in text


def test_the_door_gives_ones_own_and_an_empty_year_says_so(client: Client, person, tmp_path):
    earned(PersonFactory(), "Milik orang lain")
    client.force_login(person)
    answer = client.get("/transkrip/2026/")
    assert answer.headers["Content-Type"] == "application/pdf"
    assert "transkrip-2026.pdf" in answer.headers["Content-Disposition"]
    text = text_of(answer.content, tmp_path)
    assert "Belum ada pelatihan" in text
    assert "Milik orang lain" not in text
    assert "/transkrip/" in client.get("/belajar/").content.decode()


@pytest.mark.parametrize("year", ["1999", "2999", "0", "99999999999999999999"])
def test_a_year_that_cannot_be_does_not_exist(client: Client, person, year):
    client.force_login(person)
    assert client.get(f"/transkrip/{year}/").status_code == 404


def test_signed_out_one_is_led_to_the_form(client: Client):
    assert client.get("/transkrip/2026/").headers["Location"].startswith("/masuk/")
