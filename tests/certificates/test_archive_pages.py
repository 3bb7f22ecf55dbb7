"""HR's pages of archives: who sees what, what is counted before the start, and fetching the parts."""

from __future__ import annotations

import io
import json
import zipfile

import pytest
from django.test import Client
from django.utils import timezone

from academy.people.models import AccessLog, Person, Role
from academy.people.placements import place
from certificates.archives import jobs, parts
from certificates.models import CertificateArchive
from tests.certificates.gathering import choice_of, exported, make_many
from tests.factories import LONG_AGO, CourseFactory, PersonFactory, make_edition, make_hr, make_unit

pytestmark = pytest.mark.django_db
PAGE = "/kepegawaian/sertifikat/"


@pytest.fixture
def unit():
    return make_unit("Dinas Kesehatan")


@pytest.fixture
def officer(unit) -> Person:
    return make_hr(unit)


@pytest.fixture
def signed_in(client: Client, officer: Person) -> Client:
    client.force_login(officer)
    return client


@pytest.fixture
def archive(officer, unit) -> CertificateArchive:
    """Two certificates, gathered."""
    make_many(2, unit=unit, edition=make_edition())
    made = jobs.start(choice_of(unit), by=officer, at=timezone.now())
    assert jobs.work_on(made.pk, clock=timezone.now)
    made.refresh_from_db()
    return made


def address(archive: CertificateArchive) -> str:
    return f"{PAGE}arsip/{archive.pk}/"


def body(answer) -> bytes:
    return b"".join(answer.streaming_content)


def test_the_page_counts_before_anything_is_begun(signed_in, unit):
    edition = make_edition()
    one, *_others = make_many(3, unit=unit, edition=edition)
    type(one).objects.filter(pk=one.pk).update(revoked_at=timezone.now())
    page = signed_in.get(f"{PAGE}?tahun=2026").content.decode()
    assert "2 sertifikat sesuai dengan pilihan ini." in page
    assert "dicabut: 1" in page
    page = signed_in.get(f"{PAGE}?tahun=2026&pelatihan={edition.course.key}&dicabut=on").content.decode()
    assert "3 sertifikat sesuai dengan pilihan ini." in page
    assert CertificateArchive.objects.count() == 0


@pytest.mark.parametrize("query", ["tahun=2026", "tahun=2026&unit={unit}&pelatihan={course}"])
def test_choosing_asks_few_questions(signed_in, unit, django_assert_max_num_queries, query):
    edition = make_edition()
    make_many(2, unit=unit, edition=edition)
    signed_in.get("/belajar/")  # fills what is kept between requests
    with django_assert_max_num_queries(10):
        signed_in.get(f"{PAGE}?{query.format(unit=unit.pk, course=edition.course.key)}")


def test_from_choosing_to_the_file(signed_in, officer, unit):
    make_many(2, unit=unit, edition=make_edition())
    sent = {"unit": unit.pk, "tahun": "2026", "pelatihan": "", "dicabut": ""}
    answer = signed_in.post(f"{PAGE}kumpulkan/", sent)
    made = CertificateArchive.objects.get()
    assert (answer.status_code, answer["Location"]) == (302, address(made))
    assert signed_in.post(f"{PAGE}kumpulkan/", sent)["Location"] == address(made)
    page = signed_in.get(address(made)).content.decode()
    assert 'http-equiv="refresh"' in page
    assert "0 dari 2 sertifikat" in page
    jobs.work_on(made.pk, clock=timezone.now)
    page = signed_in.get(address(made)).content.decode()
    assert 'http-equiv="refresh"' not in page
    answer = signed_in.get(f"{address(made)}bagian-1.zip")
    assert answer["Content-Disposition"] == 'attachment; filename="sertifikat-dinas-kesehatan-2026-bagian-1.zip"'
    assert "no-store" in answer["Cache-Control"]
    with zipfile.ZipFile(io.BytesIO(body(answer))) as file:
        assert len(file.namelist()) == 5
    look = AccessLog.objects.get(person=officer)
    assert (look.action, look.scope) == (AccessLog.Action.REPORT_FILE, unit.name)
    assert (look.detail["rows"], look.detail["sha256"]) == (2, made.parts.get().sha256)


def test_another_choice_than_was_counted_is_counted_before_it_is_gathered(signed_in, unit):
    make_many(2, unit=unit, edition=make_edition())
    page = signed_in.get(f"{PAGE}?tahun=2026").content.decode()
    assert "Dinas Kesehatan, 2026: Semua pelatihan; hanya yang berlaku" in page
    assert "Semuanya dalam satu berkas ZIP." in page
    counted = f"unit={unit.pk}&tahun=2026"
    assert f'name="dihitung" value="{counted.replace("&", "&amp;")}"' in page
    sent = {"unit": unit.pk, "tahun": "2026", "dihitung": counted}
    answer = signed_in.post(f"{PAGE}kumpulkan/", sent | {"hitung": "1"})
    assert answer["Location"] == f"{PAGE}?{counted}"
    answer = signed_in.post(f"{PAGE}kumpulkan/", sent | {"dicabut": "on"}, follow=True)
    assert answer.redirect_chain == [(f"{PAGE}?{counted}&dicabut=on", 302)]
    assert "Pilihan Anda berubah" in answer.content.decode()
    assert not CertificateArchive.objects.exists()
    signed_in.post(f"{PAGE}kumpulkan/", sent)
    assert CertificateArchive.objects.count() == 1


def test_units_of_different_agencies_are_named_with_theirs(client: Client):
    officer, units = PersonFactory(), [make_unit("Dinas Kesehatan"), make_unit("Dinas Kesehatan")]
    for unit in units:
        Role.objects.create(person=officer, kind=Role.Kind.HR, unit=unit, from_at=LONG_AGO)
    client.force_login(officer)
    page = client.get(PAGE).content.decode()
    for unit in units:
        assert f"Dinas Kesehatan, {unit.agency.name}</option>" in page


def test_the_manifest_adds_up(signed_in, archive, settings):
    told = json.loads(signed_in.get(f"{address(archive)}rangkuman.json").content)
    assert (told["chosen"], told["gathered"], told["left_out"], told["problems"]) == (2, 2, {}, [])
    assert told["parts"][0]["sha256"] == archive.parts.get().sha256
    assert told["unit"] == "Dinas Kesehatan"


@pytest.mark.parametrize("where", ["", "bagian-1.zip", "rangkuman.json"])
def test_nobody_else_finds_it(client: Client, archive, unit, where):
    for stranger in (make_hr(make_unit("Dinas Lain")), make_hr(unit)):
        client.force_login(stranger)
        assert client.get(address(archive) + where).status_code == 404
    client.force_login(PersonFactory(unit=unit))
    assert client.get(address(archive) + where).status_code == 403


@pytest.mark.parametrize("where", ["", "bagian-1.zip", "rangkuman.json"])
def test_a_role_that_ended_closes_it(signed_in, officer, archive, where):
    Role.objects.filter(person=officer).update(until_at=timezone.now())
    assert signed_in.get(address(archive) + where).status_code == 403


def test_a_role_that_moved_elsewhere_closes_it(signed_in, officer, archive):
    Role.objects.filter(person=officer).update(unit=make_unit("Dinas Lain"))
    assert signed_in.get(address(archive)).status_code == 404
    assert signed_in.get(f"{address(archive)}bagian-1.zip").status_code == 404


def test_a_part_with_somebody_who_left_the_scope_is_not_given_out(signed_in, archive):
    person = archive.entries.first().certificate.completion.person
    today = timezone.localdate()
    place(person, unit=make_unit("Dinas Lain"), from_on=today, today=today)
    answer = signed_in.get(f"{address(archive)}bagian-1.zip")
    assert (answer.status_code, answer["Location"]) == (302, address(archive))
    assert "1 sertifikat milik orang" in signed_in.get(address(archive)).content.decode()
    assert not AccessLog.objects.exists()
    again = signed_in.post(f"{PAGE}kumpulkan/", {"unit": archive.unit_id, "tahun": "2026"})
    assert again["Location"] != address(archive)


def test_a_unit_outside_the_scope_does_not_exist(signed_in):
    other = make_unit("Dinas Lain")
    assert signed_in.get(f"{PAGE}?unit={other.pk}").status_code == 404
    assert signed_in.post(f"{PAGE}kumpulkan/", {"unit": other.pk, "tahun": "2026"}).status_code == 404


@pytest.mark.parametrize(
    ("sent", "word"),
    [
        ({"tahun": "dua ribu"}, "dua ribu"),
        ({"tahun": "1066"}, "1066"),
        ({"unit": "x", "tahun": "2026"}, "Unit kerja"),
        ({"tahun": "2026", "pelatihan": "tidak-ada"}, "tidak-ada"),
        ({"tahun": "2026", "pelatihan": "a\x00b"}, "Pelatihan"),
        ({"tahun": "2026"}, "Tidak ada sertifikat untuk dikumpulkan"),
    ],
)
def test_what_makes_no_sense_is_said_and_begins_nothing(signed_in, sent, word):
    answer = signed_in.post(f"{PAGE}kumpulkan/", sent)
    assert answer.status_code == 422
    assert word in answer.content.decode()
    assert not CertificateArchive.objects.exists()


def test_a_file_that_is_gone_is_made_again(signed_in, archive):
    (path,) = exported()
    path.unlink()
    for _again in range(2):
        signed_in.get(f"{address(archive)}bagian-1.zip")
    archive.refresh_from_db()
    assert archive.state == CertificateArchive.State.WAITING
    assert jobs.work_on(archive.pk, clock=timezone.now)
    assert len(exported()) == 1
    assert body(signed_in.get(f"{address(archive)}bagian-1.zip")).startswith(b"PK")


def test_deleting_asks_first(signed_in, archive):
    assert "Hapus arsip ini?" in signed_in.get(f"{address(archive)}batal/").content.decode()
    archive.refresh_from_db()
    assert archive.state == CertificateArchive.State.READY


def test_cancelling_takes_it_from_the_page(signed_in, archive):
    assert address(archive) in signed_in.get(PAGE).content.decode()
    for _again in range(2):
        assert signed_in.post(f"{address(archive)}batal/").status_code == 302
    archive.refresh_from_db()
    assert archive.state == CertificateArchive.State.CANCELLED
    assert address(archive) not in signed_in.get(PAGE).content.decode()
    assert "Dihapus" in signed_in.get(address(archive)).content.decode()
    assert signed_in.get(f"{address(archive)}batal/")["Location"] == address(archive)
    assert signed_in.get(f"{address(archive)}bagian-1.zip").status_code == 404


@pytest.mark.parametrize(
    ("asked", "first", "last"),
    [("bytes=0-9", 0, 9), ("bytes=10-", 10, -1), ("bytes=-7", -7, -1), ("bytes=5-99999999", 5, -1)],
)
def test_a_piece_of_a_part_is_given(signed_in, archive, asked, first, last):
    whole = parts.path_of(archive.parts.get().file_name).read_bytes()
    size = len(whole)
    answer = signed_in.get(f"{address(archive)}bagian-1.zip", headers={"range": asked})
    first, last = first % size, last % size
    assert answer.status_code == 206
    assert body(answer) == whole[first : last + 1]
    assert answer["Content-Range"] == f"bytes {first}-{last}/{size}"
    assert answer["Content-Length"] == str(last - first + 1)


@pytest.mark.parametrize("asked", ["bytes=", "bytes=-", "lines=1-2", "bytes=0-1,4-5", "bytes=x-y", "\x00"])
def test_what_is_no_range_gets_the_whole(signed_in, archive, asked):
    answer = signed_in.get(f"{address(archive)}bagian-1.zip", headers={"range": asked})
    assert answer.status_code == 200
    assert len(body(answer)) == archive.parts.get().size


def test_a_range_beyond_the_end_is_refused_and_one_of_another_version_gets_the_whole(signed_in, archive):
    where = f"{address(archive)}bagian-1.zip"
    answer = signed_in.get(where, headers={"range": "bytes=99999999-"})
    assert (answer.status_code, answer.content) == (416, b"")
    other = signed_in.get(where, headers={"range": "bytes=0-9", "if-range": '"another"'})
    assert (other.status_code, len(body(other))) == (200, archive.parts.get().size)
    same = signed_in.get(where, headers={"range": "bytes=0-9", "if-range": f'"{archive.parts.get().sha256}"'})
    assert (same.status_code, len(body(same))) == (206, 10)


def test_a_course_that_is_still_being_written_is_not_offered(signed_in):
    CourseFactory(title="Rancangan yang belum terbit")
    assert "Rancangan yang belum terbit" not in signed_in.get("/kepegawaian/sertifikat/").content.decode()
