"""Roles over HTTP: the list, granting, ending."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from academy.people.models import AgencyGroup, Role
from tests.factories import LONG_AGO, PersonFactory, make_hr
from tests.people.desk.conftest import text

LIST, GRANT = "/kepegawaian/peran/", "/kepegawaian/peran/beri/"


def make_role(person, unit, **fields):
    return Role.objects.create(**{"person": person, "kind": Role.Kind.HR, "unit": unit, "from_at": LONG_AGO} | fields)


def test_the_list_has_roles_of_the_scope_by_state(world, hr):
    now = timezone.now()
    make_role(world.ana, world.kesehatan)
    make_role(PersonFactory(name="Nanti", unit=world.sosial), world.sosial, from_at=now + timedelta(days=1))
    make_role(PersonFactory(name="Dahulu", unit=world.sosial), world.sosial, until_at=now)
    make_role(PersonFactory(name="Tamu", unit=world.kominfo), world.sosial)  # of another agency, over our unit
    in_force, future, ended = (text(hr.get(LIST, {"keadaan": state})) for state in ("", "akan-datang", "berakhir"))
    for name in ("Ana Bere", "Hesti Nalle", "Tamu"):
        assert name in in_force
    assert "Joni" not in in_force + future + ended
    assert "Nanti" in future
    assert "Nanti" not in in_force
    assert "Dahulu" in ended
    assert "Dahulu" not in in_force


def test_granting_is_person_then_unit_then_period(world, hr):
    assert f"?pegawai={world.ana.pk}" in hr.get(GRANT, {"q": "bere ana"}).content.decode()
    assert f"?pegawai={world.ana.pk}" in hr.get(GRANT, {"q": world.ana.nip[:8]}).content.decode()
    units = hr.get(GRANT, {"pegawai": world.ana.pk, "q": "puskesmas"}).content.decode()
    assert f"pegawai={world.ana.pk}&amp;unit={world.puskesmas.pk}" in units
    url = f"{GRANT}?pegawai={world.ana.pk}&unit={world.puskesmas.pk}"
    assert hr.get(url).status_code == 200
    assert not Role.objects.filter(person=world.ana).exists()
    for _click in range(2):
        assert hr.post(url, {"from_at": "", "until_at": ""}).url == reverse("hr_person", args=[world.ana.pk])
    role = Role.objects.get(person=world.ana)
    assert (role.unit, role.granted_by, role.until_at) == (world.puskesmas, world.hr, None)
    other = Client()
    other.force_login(world.ana)
    assert other.get("/laporan/").status_code == 200


def test_people_units_and_groups_of_others_do_not_exist(world, hr):
    group = AgencyGroup.objects.create(name="Provinsi")
    group.agencies.add(world.kupang.agency)
    for query in (
        {"pegawai": world.gita.pk},
        {"pegawai": world.ana.pk, "unit": world.kominfo.pk},
        {"pegawai": world.ana.pk, "kelompok": group.pk},
        {"pegawai": "1 OR 1"},
    ):
        address = GRANT + "?" + "&".join(f"{name}={value}" for name, value in query.items())
        assert hr.get(address).status_code == 404
        assert hr.post(address).status_code == 404
    assert "Gita" not in text(hr.get(GRANT, {"q": "Gita"})).replace('"Gita"', "")


def test_a_group_is_granted_by_its_holder(world, client):
    group = AgencyGroup.objects.create(name="Provinsi")
    group.agencies.set([world.kupang.agency, world.alor.agency])
    province = PersonFactory(unit=world.alor)
    Role.objects.create(person=province, kind=Role.Kind.HR, group=group, from_at=LONG_AGO)
    client.force_login(province)
    page = client.get(GRANT, {"pegawai": world.ana.pk}).content.decode()
    assert f"kelompok={group.pk}" in page
    assert client.post(f"{GRANT}?pegawai={world.ana.pk}&kelompok={group.pk}").status_code == 302
    assert Role.objects.get(person=world.ana).group == group
    assert "Ana Bere" in text(client.get(LIST))


@pytest.mark.parametrize(
    ("from_at", "until_at"),
    [
        ("2020-01-01T00:00", ""),
        ("", "2020-01-01T00:00"),
        ("", "9999-12-31T23:59"),
        ("0001-01-01T00:00", ""),
        ("kemarin", ""),
        ("2099-01-01T00:00", "2098-01-01T00:00"),
    ],
)
def test_a_wrong_period_is_refused_in_words(world, hr, from_at, until_at):
    url = f"{GRANT}?pegawai={world.ana.pk}&unit={world.puskesmas.pk}"
    assert hr.post(url, {"from_at": from_at, "until_at": until_at}).status_code == 422
    assert not Role.objects.filter(person=world.ana).exists()


def test_an_end_is_read_in_the_time_of_the_agency(world, hr):
    tomorrow = timezone.localdate() + timedelta(days=1)
    url = f"{GRANT}?pegawai={world.ana.pk}&unit={world.puskesmas.pk}"
    hr.post(url, {"until_at": f"{tomorrow}T12:00"})
    until: Any = Role.objects.get(person=world.ana).until_at
    assert until.astimezone(timezone.get_fixed_timezone(480)).strftime("%H.%M") == "12.00"


def test_ending_counts_with_the_next_request(world, hr):
    officer = make_hr(world.kesehatan)
    other = Client()
    other.force_login(officer)
    assert other.get("/laporan/").status_code == 200
    url = reverse("hr_end_role", args=[officer.roles.get().pk])
    assert hr.get(url).status_code == 200
    for _click in range(2):
        assert hr.post(url).status_code == 302
    assert other.get("/laporan/").status_code == 403
    assert Role.objects.filter(person=officer).count() == 1


def test_roles_that_are_not_to_be_ended_here_do_not_exist(world, hr):
    theirs = world.hr_alor.roles.get()
    trainer = make_role(PersonFactory(), world.sosial, kind=Role.Kind.TRAINER)
    for role in (theirs, trainer):
        for method in ("get", "post"):
            assert getattr(hr, method)(reverse("hr_end_role", args=[role.pk])).status_code == 404
    assert not Role.objects.filter(until_at__isnull=False).exists()


def test_who_lays_down_the_own_role_is_led_out(world, hr):
    assert hr.post(reverse("hr_end_role", args=[world.hr.roles.get().pk])).url == "/"
    assert hr.get(LIST).status_code == 403


def test_the_list_asks_a_bounded_number_of_questions(world, hr, django_assert_max_num_queries):
    for number in range(60):
        make_hr(world.kesehatan)
        if number in {1, 59}:
            hr.get(LIST)
            with django_assert_max_num_queries(10):
                assert f"{number + 2} peran" in text(hr.get(LIST))
