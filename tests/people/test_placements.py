"""Placing people, and who may see whom right afterwards."""

from datetime import UTC, date, datetime, timedelta

import pytest

from academy.people import scope
from academy.people.models import AgencyGroup, Person, Role
from academy.people.placements import mirror_placements_that_came, place
from academy.people.signals import placed
from academy.people.units import ensure_unit
from tests.factories import LONG_AGO, AgencyFactory, PersonFactory, make_enrolment, make_hr, make_unit

pytestmark = pytest.mark.django_db
TODAY = date(2026, 11, 24)
NOW = datetime(2026, 11, 24, 6, 30, tzinfo=UTC)


def test_placing_mirrors_the_unit_and_tells_once():
    heard = []

    def hear(person_ids, **kwargs):
        heard.append(person_ids)

    placed.connect(hear)
    person, unit = PersonFactory(unit=None), make_unit()
    place(person, unit=unit, from_on=TODAY, today=TODAY)
    place(person, unit=unit, from_on=TODAY, today=TODAY)
    assert (Person.objects.get(pk=person.pk).unit, person.placements.count(), heard) == (unit, 1, [[person.pk]])


def test_a_placement_in_the_future_waits_for_its_day():
    enrolment, unit = make_enrolment(), make_unit()
    person, before = enrolment.person, enrolment.person.unit
    place(person, unit=unit, from_on=date(2026, 12, 1), today=TODAY)
    assert Person.objects.get(pk=person.pk).unit == before
    assert mirror_placements_that_came(today=date(2026, 11, 30)) == 0
    assert mirror_placements_that_came(today=date(2026, 12, 1)) == 1
    assert mirror_placements_that_came(today=date(2026, 12, 1)) == 0
    enrolment.refresh_from_db()
    assert (Person.objects.get(pk=person.pk).unit, enrolment.unit) == (unit, unit)


def test_placing_a_row_read_long_ago_moves_the_person_of_today():
    person, first, second = PersonFactory(), make_unit(), make_unit()
    stale = Person.objects.get(pk=person.pk)
    place(person, unit=first, from_on=date(2026, 11, 20), today=TODAY)
    place(stale, unit=second, from_on=TODAY, today=TODAY)
    place(Person.objects.get(pk=person.pk), unit=stale.unit, from_on=TODAY, today=TODAY)
    assert Person.objects.get(pk=person.pk).unit == second


def test_enrolments_follow_the_person():
    enrolment, unit = make_enrolment(), make_unit()
    place(enrolment.person, unit=unit, from_on=TODAY, today=TODAY)
    enrolment.refresh_from_db()
    assert (enrolment.unit, enrolment.agency) == (unit, unit.agency)


def test_an_officer_sees_the_subtree_of_the_role_and_nothing_else():
    agency = AgencyFactory()
    own = make_unit("Dinas Kesehatan", agency=agency)
    child_of_own = ensure_unit(own, "Puskesmas Contoh")
    make_unit("Dinas Sosial", agency=agency)
    officer = make_hr(own)
    assert set(scope.units_visible_to(officer, at=NOW)) == {own, child_of_own}


def test_a_role_that_ended_shows_nothing():
    officer = make_hr(make_unit())
    officer.roles.update(until_at=NOW)
    assert not scope.units_visible_to(officer, at=NOW).exists()


def test_a_group_role_sees_all_agencies_of_the_group():
    inside, outside = make_unit(), make_unit()
    group = AgencyGroup.objects.create(name="Provinsi")
    group.agencies.add(inside.agency)
    officer = PersonFactory()
    Role.objects.create(person=officer, kind=Role.Kind.HR, group=group, from_at=LONG_AGO)
    visible = scope.units_visible_to(officer, at=NOW)
    assert inside in visible
    assert outside not in visible


def test_an_inactive_officer_sees_nothing():
    officer = make_hr(make_unit(), is_active=False)
    assert not scope.units_visible_to(officer, at=NOW).exists()


def test_a_role_that_ends_at_noon_ends_at_noon():
    noon = datetime(2026, 11, 24, 4, 0, tzinfo=UTC)  # 12.00 WITA
    officer = make_hr(make_unit())
    officer.roles.update(until_at=noon)
    assert scope.units_visible_to(officer, at=noon - timedelta(microseconds=1)).exists()
    assert not scope.units_visible_to(officer, at=noon).exists()
