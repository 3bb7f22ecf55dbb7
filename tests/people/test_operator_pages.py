"""The operator's pages: agencies, groups, roles, imports and logs; and who may open them."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from academy.people.models import AccessLog, Agency, AgencyGroup, ChangeLog, Role, RosterImport, WorkUnit
from academy.people.models.change_log import record
from tests.factories import LONG_AGO, AgencyFactory, PersonFactory, make_hr, make_unit

pytestmark = pytest.mark.django_db
LISTS = ["instansi", "kelompok", "peran", "impor", "angka", "catatan", "catatan/akses"]
FORMS = ["instansi/baru", "kelompok/baru", "peran/baru", "angka/periksa"]


@pytest.fixture
def unit():
    return make_unit()


def signed_in(client, kind, unit):
    person = PersonFactory(name="Pengelola Contoh", unit=unit)
    Role.objects.create(person=person, kind=kind, unit=unit, from_at=LONG_AGO)
    client.force_login(person)
    return person


@pytest.fixture
def operator(client, unit):
    return signed_in(client, Role.Kind.OPERATOR, unit)


@pytest.mark.parametrize("place", [*LISTS, *FORMS])
def test_it_is_for_operators_and_superusers(client, unit, place):
    address = f"/pengelola/{place}/"
    assert Client().get(address)["Location"].startswith("/masuk/")
    for person in (PersonFactory(), make_hr(unit)):
        client.force_login(person)
        assert client.get(address).status_code == 403
    client.force_login(PersonFactory(is_superuser=True))
    assert client.get(address).status_code == 200
    ended = signed_in(client, Role.Kind.OPERATOR, unit)
    assert client.get(address).status_code == 200
    Role.objects.filter(person=ended).update(until_at=timezone.now())
    assert client.get(address).status_code == 403


def test_a_data_protection_officer_reads_the_logs_only(client, unit):
    signed_in(client, Role.Kind.DATA_PROTECTION, unit)
    assert client.get("/pengelola/")["Location"] == "/pengelola/catatan/akses/"
    for place in [*LISTS, *FORMS]:
        status = 200 if place.startswith("catatan") else 403
        assert client.get(f"/pengelola/{place}/").status_code == status
    page = client.get("/pengelola/catatan/").text
    assert "/pengelola/catatan/akses/" in page
    assert "/pengelola/peran/" not in page


def test_the_menu_leads_there(client, operator):
    assert 'href="/pengelola/"' in client.get("/").text
    client.force_login(PersonFactory())
    assert 'href="/pengelola/"' not in client.get("/").text


AGENCY = {
    "code": "7799",
    "name": "Pemerintah Kab. Baru",
    "kind": "regency",
    "time_zone": "Asia/Makassar",
    "siasn_id": "A8ACA",
}


def test_an_agency_is_added_and_corrected(client, operator):
    assert client.post("/pengelola/instansi/baru/", AGENCY).status_code == 302
    agency = Agency.objects.get(code="7799")
    assert WorkUnit.objects.get(agency=agency).name == "Pemerintah Kab. Baru"
    page = f"/pengelola/instansi/{agency.pk}/"
    assert "Pemerintah Kab. Baru" in client.get(page).text
    changed = AGENCY | {"name": "Pemerintah Kab. Lama", "code": "1", "siasn_id": ""}
    for _again in range(2):
        assert client.post(page, changed).status_code == 302
    agency.refresh_from_db()
    assert (agency.code, agency.name, agency.siasn_id) == ("7799", "Pemerintah Kab. Lama", None)
    assert WorkUnit.objects.get(agency=agency).name == "Pemerintah Kab. Lama"
    lines = ChangeLog.objects.order_by("pk").values_list("action", "actor", "unit__agency")
    assert list(lines) == [("unit_opened", operator.pk, agency.pk), ("corrected", operator.pk, agency.pk)]


@pytest.mark.parametrize(
    ("field", "value", "said"),
    [
        ("code", "7701", "sudah"),
        ("code", "<b>", "Huruf, angka"),
        ("code", "", "tidak boleh kosong"),
        ("siasn_id", "LAMA", "SIASN"),
        ("kind", "desa", "desa"),
        ("time_zone", "Mars/Olympus", "Zona waktu"),
        ("name", "x" * 201, "200"),
    ],
)
def test_a_wrong_agency_is_refused_in_words_and_stays(client, operator, field, value, said):
    AgencyFactory(code="7701", siasn_id="LAMA")
    count = Agency.objects.count()
    response = client.post("/pengelola/instansi/baru/", AGENCY | {field: value})
    assert response.status_code == 422
    assert said in response.text or field == "code"
    assert "7799" in response.text or field == "code"
    assert (Agency.objects.count(), ChangeLog.objects.count()) == (count, 0)


def test_a_group_is_made_and_changed(client, operator):
    one, two = AgencyFactory(), AgencyFactory()
    client.post("/pengelola/kelompok/baru/", {"name": "Provinsi Contoh", "agencies": [one.pk]})
    group = AgencyGroup.objects.get()
    page = f"/pengelola/kelompok/{group.pk}/"
    assert client.get(page).text.count("checked") == 1
    for _again in range(2):
        client.post(page, {"name": "Provinsi Contoh", "agencies": [one.pk, two.pk]})
    assert set(group.agencies.all()) == {one, two}
    assert ChangeLog.objects.count() == 2
    assert ChangeLog.objects.latest("pk").detail["after"]["agencies"] == [one.code, two.code]
    again = client.post("/pengelola/kelompok/baru/", {"name": "provinsi contoh", "agencies": []})
    assert again.status_code == 422
    assert client.post("/pengelola/kelompok/baru/", {"name": "", "agencies": ["x"]}).status_code == 422


def role_fields(person, **fields):
    return {"login": person.nip, "kind": "hr", "over": f"a{person.unit.agency_id}", "unit_name": ""} | fields


def test_a_role_is_granted_and_ended(client, operator):
    person = PersonFactory(name="Maria HR")
    client.post("/pengelola/peran/baru/", role_fields(person, unit_name=person.unit.name.upper()))
    role = Role.objects.get(person=person)
    assert (role.kind, role.unit, role.until_at, role.granted_by) == ("hr", person.unit, None, operator)
    assert "Maria HR" in client.get("/pengelola/peran/?q=maria").text
    page = f"/pengelola/peran/{role.pk}/akhiri/"
    assert "Maria HR" in client.get(page).text
    for _again in range(2):
        assert client.post(page).status_code == 302
    role.refresh_from_db()
    assert role.until_at is not None
    client.get("/pengelola/peran/")  # the messages are read
    assert "Maria HR" not in client.get("/pengelola/peran/?q=maria").text
    assert "Maria HR" in client.get("/pengelola/peran/?q=maria&keadaan=berakhir&peran=hr").text
    assert [line.action for line in ChangeLog.objects.all()] == ["role_ended", "role_granted"]


def test_a_role_over_a_group_until_a_moment(client, operator):
    person = PersonFactory()
    group = AgencyGroup.objects.create(name="Provinsi Contoh")
    client.post(
        "/pengelola/peran/baru/",
        role_fields(person, login=person.email, over=f"g{group.pk}", until_at="2999-11-23T12:00"),
    )
    role = Role.objects.get(person=person)
    assert (role.group, role.unit) == (group, None)
    assert timezone.localtime(role.until_at).isoformat() == "2999-11-23T12:00:00+08:00"


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"login": "199001012020121001"}, "Tidak ada orang"),
        ({"login": "tidak@ada.test"}, "Tidak ada orang"),
        ({"kind": "raja"}, "raja"),
        ({"over": "a999999"}, "a999999"),
        ({"over": "x"}, "pilihan"),
        ({"unit_name": "Dinas yang tidak ada"}, "Tidak ada unit"),
        ({"unit_name": "komunikasi"}, "Dinas Komunikasi dan Informatika"),
        ({"unit_name": "Sekretariat"}, "lebih dari satu"),
        ({"from_at": "besok"}, "23-11-2026"),
        ({"until_at": "2020-01-01T00:00"}, "sesudah"),
    ],
)
def test_a_wrong_role_is_refused_in_words_and_stays(client, operator, fields, said):
    person = PersonFactory()
    root = person.unit.get_parent()
    for name in ("Dinas Kesehatan", "Dinas Sosial"):
        child = root.add_child(agency=person.unit.agency, name=name)
        child.add_child(agency=person.unit.agency, name="Sekretariat")
        root.refresh_from_db()
    response = client.post("/pengelola/peran/baru/", role_fields(person) | fields)
    assert response.status_code == 422
    assert any(word in response.text for word in said.split("|"))
    assert not Role.objects.filter(person=person).exists()
    good = client.post("/pengelola/peran/baru/", role_fields(person, unit_name="dinas sosial > sekretariat"))
    assert good.status_code == 302


def test_what_does_not_exist_is_404(client, operator):
    for place in ("instansi/999999", "kelompok/999999", "peran/999999/akhiri"):
        assert client.get(f"/pengelola/{place}/").status_code == 404


def make_log(person, unit, actor):
    record(
        ChangeLog.Action.CORRECTED, by=actor, at=timezone.now(), subject=person, unit=unit, before={"grade": "III/a"}
    )
    AccessLog.objects.create(
        person=actor, action="person_page", scope="Kab. Contoh", at=timezone.now(), subject=person, detail={"rows": 3}
    )


@pytest.mark.parametrize("place", ["catatan", "catatan/akses"])
def test_the_logs_are_filtered(client, operator, place):
    reader, person = PersonFactory(name="Pembaca Satu"), PersonFactory(name="Yohanes Dibaca")
    make_log(person, person.unit, reader)
    address = f"/pengelola/{place}/"
    today = timezone.localdate()
    action = "corrected" if place == "catatan" else "person_page"
    for query in ("", "?q=pembaca", "?q=yohanes", f"?q={person.nip[4:]}", f"?dari={today}&sampai={today}"):
        assert "Yohanes Dibaca" in client.get(address + query).text
    assert "Yohanes Dibaca" in client.get(f"{address}?tindakan={action}").text
    for query in ("?q=lain", f"?dari={today + timedelta(days=1)}", f"?sampai={today - timedelta(days=1)}"):
        text = client.get(address + query).text
        assert "Yohanes Dibaca" not in text
    wrong = client.get(f"{address}?dari=kemarin&tindakan=entah&page=x")
    assert wrong.status_code == 200
    assert "Yohanes Dibaca" in wrong.text
    assert "entah" in wrong.text


@pytest.mark.parametrize("place", ["catatan", "catatan/akses"])
def test_a_data_protection_officer_sees_the_own_scope(client, unit, place):
    signed_in(client, Role.Kind.DATA_PROTECTION, unit)
    make_log(PersonFactory(name="Orang Sini", unit=unit), unit, PersonFactory(name="Petugas Sini", unit=unit))
    make_log(PersonFactory(name="Orang Sana"), make_unit(), PersonFactory(name="Petugas Sana"))
    text = client.get(f"/pengelola/{place}/").text
    assert "Orang Sini" in text
    assert "Sana" not in text


@pytest.mark.parametrize("place", LISTS)
def test_lists_ask_as_often_for_many_as_for_few(client, operator, place, django_assert_max_num_queries):
    group = AgencyGroup.objects.create(name="Provinsi Contoh")
    for number in range(30):
        person = PersonFactory()
        group.agencies.add(person.unit.agency)
        AgencyGroup.objects.create(name=f"Kelompok {number}")
        Role.objects.create(
            person=person, kind="hr", unit=person.unit, from_at=LONG_AGO, granted_by=PersonFactory(unit=person.unit)
        )
        RosterImport.objects.create(
            agency=person.unit.agency, by=person, at=timezone.now(), file_name="a.csv", sha256=""
        )
        make_log(person, person.unit, PersonFactory(unit=person.unit))
    with django_assert_max_num_queries(10):
        assert client.get(f"/pengelola/{place}/").status_code == 200


def test_imports_are_listed(client, operator, unit):
    RosterImport.objects.create(
        agency=unit.agency, at=timezone.now(), file_name="pegawai.csv", sha256="", counts={"read": 1234, "refused": 0}
    )
    text = client.get("/pengelola/impor/").text
    assert "pegawai.csv" in text
    assert "1.234" in text
    assert "pegawai.csv" in client.get(f"/pengelola/impor/?instansi={unit.agency_id}&keadaan=waiting").text
    assert "pegawai.csv" not in client.get("/pengelola/impor/?keadaan=applied").text
