"""The pages of imports: what HR sees at each step, and that nobody else sees any of it."""

from __future__ import annotations

import re

import pytest
from django.urls import reverse

from academy.people import units
from academy.people.models import AgencyGroup, Role, RosterImport, WorkUnit
from academy.people.roster import jobs
from tests.factories import AT, LONG_AGO, PersonFactory, make_hr, make_unit
from tests.people.imports.handing_in import UNITS, hand_in, signed_in, upload

pytestmark = pytest.mark.django_db
LISTS = ("/laporan/pegawai/impor/", "/laporan/pegawai/impor/unit/")


@pytest.fixture
def agency():
    return make_unit("Badan Kepegawaian Daerah").agency


@pytest.fixture
def officer(agency):
    return make_hr(units.ensure_root(agency))


@pytest.fixture
def client(officer):
    return signed_in(officer)


@pytest.fixture
def job(agency, officer):
    row = hand_in(agency, officer)
    jobs.work_on(row.pk, at=AT)
    row.refresh_from_db()
    return row


def addresses(job: RosterImport) -> dict[str, str]:
    """Each address of a job → the method it is opened with."""
    page = f"/laporan/pegawai/impor/{job.pk}/"
    posts = {page + name: "post" for name in ("kolom/", "terapkan/", "buang/", "urungkan/")}
    return {page: "get", page + "baris-ditolak/": "get", page + "urungkan/#": "get"} | posts


def text(response) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", response.content.decode()))


def test_lists_are_empty_at_first_and_offer_a_sample(client):
    for address in LISTS:
        page = client.get(address)
        assert page.status_code == 200
        assert "Belum ada impor" in text(page)
        for link in re.findall(r'href="([^"]+contoh[^"]+)"', page.content.decode()):
            assert client.get(link).status_code == 200


def test_the_sample_of_units_can_be_handed_in_as_it_is(client, agency, officer):
    content = b"".join(client.get(reverse("import_units_sample", args=["csv"])).streaming_content)
    row = hand_in(agency, officer, content.decode("utf-8-sig"))
    jobs.work_on(row.pk, at=AT)
    row.refresh_from_db()
    assert (row.state, row.counts["new"], row.counts["refused"]) == ("preview", 3, 0)
    assert client.get(reverse("import_units_sample", args=["pdf"])).status_code == 404


def test_handing_in_leads_to_a_page_that_reloads_itself(client, agency, officer):
    answer = client.post(LISTS[1], {"file": upload()})
    job = RosterImport.objects.get()
    assert (answer.status_code, answer.url) == (302, f"/laporan/pegawai/impor/{job.pk}/")
    assert (job.agency, job.by, job.kind, job.file_name, job.state) == (agency, officer, "units", "unit.csv", "waiting")
    page = client.get(answer.url)
    assert '<meta http-equiv="refresh"' in page.content.decode()
    assert "Menunggu giliran" in text(page)
    assert client.post(LISTS[1], {"file": upload()}).url == answer.url


def test_the_preview_shows_figures_samples_and_refusals(client, job):
    page = client.get(f"/laporan/pegawai/impor/{job.pk}/")
    shown = text(page)
    assert '<meta http-equiv="refresh"' not in page.content.decode()
    assert "Yang akan dilakukan 3 baris" in shown
    assert re.search(r"Baru 2 Tetap 0 Ditolak 1", shown)
    assert "Dinas Entah" in shown
    assert "Bidang Aptika" in shown
    assert "Terapkan impor ini" in shown
    file = client.get(f"/laporan/pegawai/impor/{job.pk}/baris-ditolak/")
    assert file.headers["Content-Disposition"] == 'attachment; filename="unit-ditolak.csv"'
    assert b"Dinas Entah" in b"".join(file.streaming_content)


def test_applying_and_undoing(client, job, agency):
    page = f"/laporan/pegawai/impor/{job.pk}/"
    assert client.post(page + "terapkan/").url == page
    assert "Impor sedang diterapkan" in text(client.get(page))
    jobs.work_on(job.pk, at=AT)
    assert "Impor sudah diterapkan" in text(client.get(page))
    assert WorkUnit.objects.filter(agency=agency, name="Bidang Aptika").exists()
    assert "2 unit baru dihapus" in text(client.get(page + "urungkan/"))
    assert client.post(page + "urungkan/").url == page
    shown = client.get(page)
    assert '<meta http-equiv="refresh"' in shown.content.decode()
    assert "Impor sedang diurungkan" in text(shown)
    jobs.work_on(job.pk, at=AT)
    assert not WorkUnit.objects.filter(agency=agency, name="Bidang Aptika").exists()
    assert "Diurungkan" in text(client.get(page))
    assert client.post(page + "urungkan/").url == page


def test_what_is_in_use_is_not_undone_and_the_reason_is_said(client, job):
    jobs.confirm(job, deactivate_gone=False, by=job.by)
    jobs.work_on(job.pk, at=AT)
    PersonFactory(unit=WorkUnit.objects.get(name="Bidang Aptika"))
    page = f"/laporan/pegawai/impor/{job.pk}/"
    client.post(page + "urungkan/")
    jobs.work_on(job.pk, at=AT)
    assert "tidak dapat diurungkan" in text(client.get(page))
    assert "sudah dipakai" in text(client.get(page))
    assert "Urungkan impor ini" in text(client.get(page))  # once that is out of the way


def test_a_decision_that_came_too_late_is_said_and_changes_nothing(client, job):
    page = f"/laporan/pegawai/impor/{job.pk}/"
    client.post(page + "buang/")
    answer = client.post(page + "terapkan/", follow=True)
    assert "sudah berbeda: Dikesampingkan" in text(answer)
    job.refresh_from_db()
    assert job.state == "cancelled"


@pytest.mark.parametrize(
    ("file", "words"),
    [
        (None, "Pilih berkas"),
        (("", "unit.csv"), "kosong"),
        (("x", "unit.pdf"), ".csv dan .xlsx"),
        (("x", "unit.xlsx"), "bukan buku kerja"),
    ],
    ids=["none", "empty", "type", "no-workbook"],
)
def test_a_refused_upload_says_why_and_keeps_what_was_chosen(client, file, words):
    sent = {"create_units": "on"} | ({"file": upload(*file)} if file else {})
    answer = client.post(LISTS[0], sent)
    assert answer.status_code == 422
    assert words in text(answer)
    assert re.search(r'<input[^>]+name="create_units"[^>]+checked', answer.content.decode())
    assert not RosterImport.objects.exists()


def ask_for_columns(job: RosterImport) -> None:
    RosterImport.objects.filter(pk=job.pk).update(
        kind="people",
        state="mapping",
        headings=["Nomor", "Nama", "Satuan", "Catatan"],
        problem="Tidak ada kolom NIP.",
        samples={"missing": ["nip", "unit"]},
    )


def test_unknown_columns_are_asked_for(client, job):
    ask_for_columns(job)
    address = f"/laporan/pegawai/impor/{job.pk}/"
    page = client.get(address)
    assert "Tidak ada kolom NIP." in text(page)
    assert re.search(r'name="heading-1".*?value="name" selected', page.content.decode(), re.DOTALL)
    answer = client.post(address + "kolom/", {"heading-0": "nip", "heading-1": "nip", "heading-2": "unit"})
    assert answer.status_code == 422
    assert "Dua kolom berarti" in text(answer)
    assert re.search(r'name="heading-2".*?value="unit" selected', answer.content.decode(), re.DOTALL)
    answer = client.post(address + "kolom/", {"heading-0": "nip", "heading-1": "name"})
    assert "Masih kurang" in text(answer)
    chosen = {"heading-0": "nip", "heading-1": "name", "heading-2": "unit", "heading-3": ""}
    assert client.post(address + "kolom/", chosen).url == address
    job.refresh_from_db()
    assert (job.state, job.mapping) == ("waiting", {"Nomor": "nip", "Nama": "name", "Satuan": "unit"})


def test_what_happens_to_the_missing_is_chosen(client, job):
    RosterImport.objects.filter(pk=job.pk).update(kind="people", counts=job.counts | {"gone": 4})
    address = f"/laporan/pegawai/impor/{job.pk}/"
    assert "4 pegawai instansi tidak ada di berkas" in text(client.get(address))
    assert client.post(address + "terapkan/", {"gone": "delete"}).status_code == 422
    client.post(address + "terapkan/", {"gone": "deactivate"})
    job.refresh_from_db()
    assert (job.state, job.deactivate_gone) == ("confirmed", True)


def strangers(agency):
    """Who holds no role over the whole agency, and what they get."""
    other = make_hr(units.ensure_root(make_unit().agency))
    part = make_hr(units.ensure_unit(units.ensure_root(agency), "Badan Kepegawaian Daerah"))
    ended = make_hr(units.ensure_root(agency))
    Role.objects.filter(person=ended).update(until_at=LONG_AGO)
    return [(other, 404), (part, 404), (ended, 403), (PersonFactory(), 403), (None, 302)]


def test_a_job_exists_for_its_own_agency_only(agency, job, client):
    for person, status in strangers(agency):
        stranger = signed_in(person) if person else type(client)()
        for address, method in addresses(job).items():
            assert getattr(stranger, method)(address).status_code == status, (address, person)
    job.refresh_from_db()
    assert job.state == "preview"


def test_lists_show_strangers_nothing_and_take_nothing(agency, job, client):
    for person, status in strangers(agency):
        stranger = signed_in(person) if person else type(client)()
        for address in LISTS:
            page = stranger.get(address)
            assert page.status_code == (200 if status == 404 else status)
            assert ">unit.csv<" not in page.content.decode()
            sent = {"file": upload("Unit Kerja\nDinas Palsu\n"), "agency": agency.pk}
            stranger.post(address, sent)
    assert not RosterImport.objects.filter(agency=agency).exclude(pk=job.pk).exists()


def test_part_of_an_agency_cannot_import_and_is_told_why(agency):
    part = make_hr(units.ensure_unit(units.ensure_root(agency), "Badan Kepegawaian Daerah"))
    assert "mencakup sebagian instansi" in text(signed_in(part).get(LISTS[0]))
    assert signed_in(part).post(LISTS[0], {"file": upload()}).status_code == 422


def test_an_officer_of_several_agencies_chooses_one(agency):
    others = [make_unit().agency for _number in range(2)]
    group = AgencyGroup.objects.create(name="Provinsi Contoh")
    group.agencies.add(agency, others[0])
    officer = PersonFactory(unit=units.ensure_root(agency))
    Role.objects.create(person=officer, kind=Role.Kind.HR, group=group, from_at=LONG_AGO)
    client = signed_in(officer)
    assert others[0].name in text(client.get(LISTS[1]))
    assert client.post(LISTS[1], {"file": upload()}).status_code == 422
    assert client.post(LISTS[1], {"file": upload(), "agency": others[1].pk}).status_code == 422
    client.post(LISTS[1], {"file": upload(), "agency": others[0].pk})
    assert RosterImport.objects.get().agency == others[0]


def test_queries_do_not_grow_with_the_imports(client, agency, officer, django_assert_max_num_queries):
    for number in range(25):
        hand_in(agency, officer, UNITS + f"Dinas {number};\n")
    with django_assert_max_num_queries(10):
        client.get(LISTS[1])
