"""Promise P4: an officer sees exactly the subtree of the role, today. The list of addresses comes from the resolver."""

from __future__ import annotations

import re
from datetime import timedelta
from itertools import product
from typing import Any
from urllib.parse import quote

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from academy.people import units
from academy.people.models import AccessLog, AgencyGroup, Person, Role
from academy.people.placements import place
from academy.reports import urls
from academy.reports.files import FORMATS
from tests.factories import LONG_AGO, PersonFactory
from tests.reports.exporting import make_export
from tests.reports.world import World, content, page_table

WORDS = [{"word": word} for word in FORMATS]
# Every address of the reports: what fills it. `unit` and `pk` are the units and people of another agency.
ADDRESSES: dict[str, list[dict[str, Any]]] = {
    "report_overview": [{}],
    "report_unit_file": WORDS,
    "report_course_file": WORDS,
    "report_unit_course": [{}],
    "report_unit_course_file": WORDS,
    "report_matrix": [{}],
    "report_matrix_file": WORDS,
    "report_unit_hours": [{}],
    "report_unit_hours_file": WORDS,
    "report_hours": [{}],
    "report_hours_file": WORDS,
    "report_unit_assigned": [{}],
    "report_unit_assigned_file": WORDS,
    "report_assigned": [{}],
    "report_assigned_file": WORDS,
    "report_course_certificates": [{}],
    "report_course_certificates_file": WORDS,
    "report_certificates": [{}],
    "report_certificates_file": WORDS,
    "report_trends": [{}],
    "report_trends_file": WORDS,
    "report_agencies": [{}],
    "report_agencies_file": WORDS,
    "report_people": [{}],
    "report_people_file": WORDS,
    "report_events": [{}],
    "report_events_file": WORDS,
    "report_participants": [{}],
    "report_participants_file": WORDS,
    "report_person": [{"pk": "gita"}],
    "report_own_courses_file": [{"pk": "gita"} | word for word in WORDS],
    "report_own_certificates_file": [{"pk": "gita"} | word for word in WORDS],
    "report_dossier": [{}],
    "report_dossier_file": WORDS,
    "report_files": [{}],
    "report_export": [{"export": "theirs"}],
    "report_export_file": [{"export": "theirs"} | word for word in WORDS],
}
CHANGES = {"report_export_discard"}  # see test_export_pages.py


def addresses(world: World) -> list[str]:
    theirs = make_export(world.hr_alor).pk
    keys = {"gita": world.people["gita"].pk, "theirs": theirs}
    return [
        reverse(name, kwargs={key: keys.get(value, value) for key, value in kwargs.items()})
        for name, filled in ADDRESSES.items()
        for kwargs in filled
    ]


def body(response: Any) -> str:
    return content(response).decode(errors="replace")


def without_its_address(response: Any) -> str:
    """What stays the same from one request to the next: no form token, and not the address that was asked for."""
    text = re.sub(r'name="csrfmiddlewaretoken" value="\w+"', "", body(response))
    return text.replace(quote(response.request["PATH_INFO"]), "")


def test_no_address_is_forgotten():
    assert {pattern.name for pattern in urls.urlpatterns} == set(ADDRESSES) | CHANGES


def test_signed_out_leads_to_the_form(world: World, client: Client):
    for address in addresses(world):
        response: Any = client.get(address)
        assert (response.status_code, response.url) == (302, f"/masuk/?next={address}")


@pytest.mark.parametrize("role", [None, Role.Kind.TRAINER, Role.Kind.OPERATOR, Role.Kind.ORGANISER])
def test_without_the_role_nothing_is_told(world: World, client: Client, role: Role.Kind | None):
    person = PersonFactory(unit=world.kupang)
    if role:
        Role.objects.create(person=person, kind=role, unit=world.kupang, from_at=LONG_AGO)
    client.force_login(person)
    for address in addresses(world):
        response = client.get(address)
        assert response.status_code == 403
        assert "hanya untuk pengelola kepegawaian" in body(response)
        assert "Ana, S.Kom." not in body(response)


def test_staff_and_superusers_of_the_cms_are_no_hr_officers(world: World, client: Client):
    client.force_login(PersonFactory(unit=world.kupang, is_staff=True, is_superuser=True))
    assert client.get("/laporan/").status_code == 403


def test_what_another_agency_owns_does_not_exist(world: World, hr: Client):
    """A foreign person or unit answers like one that never was; everything else shows the own agency only."""
    alor_kominfo = world.people["gita"].unit
    filters = [
        {"unit": alor_kominfo.pk},
        {"unit": world.alor.pk},
        {"unit": world.alor.pk, "langsung": "ya", "pelatihan": "x"},
    ]
    for address in addresses(world):
        foreign = any(f"/{word}/" in address and address.strip("/").split("/")[2:] for word in ("pegawai", "berkas"))
        if address == "/laporan/berkas/":
            continue  # takes no filters
        for query in [{}, *filters]:
            response = hr.get(address, query)
            if foreign or query:
                unknown = hr.get(re.sub(r"/[0-9]+/", "/99999999/", address), {"unit": 99999999})
                assert response.status_code == unknown.status_code == 404, address
                assert without_its_address(response) == without_its_address(unknown)
            else:
                text = body(response)
                assert response.status_code == 200, address
                for secret in ("Gita", world.people["gita"].nip, "Alor"):
                    assert secret not in text, address


def test_a_search_finds_nobody_elsewhere(world: World, hr: Client):
    gita = world.people["gita"]
    for address, text in product(("report_people", "report_participants"), ("gita", gita.nip)):
        for state in ("sasaran", "terdaftar", "selesai", "belum-terdaftar"):
            assert "0 baris" in body(hr.get(reverse(address), {"q": text, "keadaan": state}))


def test_an_officer_of_a_unit_sees_that_unit_only(world: World, client: Client):
    officer = PersonFactory(name="Kiki", unit=world.kominfo)
    Role.objects.create(person=officer, kind=Role.Kind.HR, unit=world.kesehatan, from_at=LONG_AGO)
    client.force_login(officer)
    assert page_table(client.get("/laporan/")).column("Unit Kerja") == ["Dinas Kesehatan (langsung)", "Puskesmas Tarus"]
    names = page_table(client.get("/laporan/pegawai/")).column("Nama")
    assert names == [f"{name}, S.Kom." for name in ("Beni", "Citra", "Dedi", "Elsa")]
    for unit in (world.kupang, world.kominfo):
        assert client.get(f"/laporan/?unit={unit.pk}").status_code == 404
    assert client.get(f"/laporan/pegawai/{world.people['ana'].pk}/").status_code == 404


def test_two_roles_are_one_scope(world: World, client: Client):
    officer = PersonFactory(unit=world.kominfo)
    for unit in (world.kesehatan, world.puskesmas, world.alor):
        Role.objects.create(person=officer, kind=Role.Kind.HR, unit=unit, from_at=LONG_AGO)
    client.force_login(officer)
    table = page_table(client.get("/laporan/"))
    assert [row[:2] for row in table.rows] == [["Dinas Kesehatan", "4"], ["Pemerintah Kab. Alor", "3"]]


def test_the_group_sees_all_its_agencies(world: World, client: Client):
    elsewhere = PersonFactory(
        name="Lusi", unit=units.ensure_unit(units.ensure_root(PersonFactory().unit.agency), "Dinas")
    )
    client.force_login(world.hr_province)
    names = page_table(client.get("/laporan/pegawai/")).column("Nama")
    assert {"Ana, S.Kom.", "Gita, S.Kom."} <= set(names)
    assert "Lusi, S.Kom." not in names
    assert client.get(f"/laporan/pegawai/{elsewhere.pk}/").status_code == 404
    assert client.get(f"/laporan/pegawai/{world.people['gita'].pk}/").status_code == 200


def test_a_transfer_counts_from_the_next_request(world: World, hr: Client):
    citra, today = world.people["citra"], timezone.localdate()
    address = f"/laporan/pegawai/{citra.pk}/"
    assert hr.get(address).status_code == 200
    place(citra, unit=world.people["gita"].unit, from_on=today, today=today)
    assert hr.get(address).status_code == 404
    assert "Citra" not in body(hr.get("/laporan/pegawai.csv")) + body(hr.get("/laporan/peserta.csv"))
    assert page_table(hr.get("/laporan/")).total("Sasaran") == "6"
    hr.force_login(world.hr_alor)
    assert hr.get(address).status_code == 200
    assert "Citra" in body(hr.get("/laporan/peserta.csv"))


def test_who_left_is_in_no_report(world: World, hr: Client):
    citra, today = world.people["citra"], timezone.localdate()
    place(citra, unit=None, from_on=today, today=today)
    assert hr.get(f"/laporan/pegawai/{citra.pk}/").status_code == 404
    assert "Citra" not in body(hr.get("/laporan/pegawai.csv")) + body(hr.get("/laporan/peserta.csv"))


@pytest.mark.parametrize("end", ["until", "from", "inactive"])
def test_a_role_that_ended_counts_from_the_next_request(world: World, hr: Client, end: str):
    assert hr.get("/laporan/").status_code == 200
    second = timedelta(seconds=1)
    if end == "until":
        Role.objects.filter(person=world.hr).update(until_at=timezone.now() - second)
    elif end == "from":
        Role.objects.filter(person=world.hr).update(from_at=timezone.now() + 60 * second)
    else:
        Person.objects.filter(pk=world.hr.pk).update(is_active=False)
    assert hr.get("/laporan/").status_code == (302 if end == "inactive" else 403)
    assert hr.get("/laporan/pegawai.csv").status_code == (302 if end == "inactive" else 403)


def test_nothing_is_kept_in_a_cache_and_only_reading_is_possible(world: World, hr: Client):
    for address in addresses(world):
        assert hr.post(address).status_code == 405
    for address in ("/laporan/", "/laporan/pegawai/", f"/laporan/pegawai/{world.people['ana'].pk}/"):
        assert "no-store" in hr.get(address).headers["Cache-Control"]


def test_what_was_refused_is_not_in_the_access_log(world: World, hr: Client):
    hr.get(f"/laporan/pegawai/{world.people['gita'].pk}/")
    hr.get(f"/laporan/pegawai.csv?unit={world.alor.pk}")
    assert not AccessLog.objects.exists()


@pytest.mark.parametrize("query", ["", "?menurut=unit-saat-selesai"])
def test_a_group_without_agencies_sees_nobody(world: World, client: Client, query: str):
    officer = PersonFactory(unit=world.kupang)
    group = AgencyGroup.objects.create(name="Belum berisi")
    Role.objects.create(person=officer, kind=Role.Kind.HR, group=group, from_at=LONG_AGO)
    client.force_login(officer)
    for address in addresses(world):
        if address.endswith((".pdf", ".xlsx", ".json")):
            continue  # of the same lines as .csv
        text = body(client.get(f"{address}{query}"))
        for secret in ("Ana, S.Kom.", "Gita, S.Kom."):
            assert secret not in text, address
