"""Who may grant and end which role, where, to whom, and until when."""

from datetime import UTC, datetime, timedelta

import pytest

from academy.people import units
from academy.people.models import AgencyGroup, ChangeLog, Person, Role
from academy.people.roles import CannotEnd, CannotGrant, end_role, grant_role, may_end, may_grant
from academy.people.scope import units_visible_to
from tests.factories import LONG_AGO, PersonFactory, make_hr, make_unit

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 11, 24, 6, 30, tzinfo=UTC)
NOON = datetime(2026, 11, 25, 4, 0, tzinfo=UTC)  # 12.00 WITA
SECOND = timedelta(seconds=1)
HR = Role.Kind.HR


@pytest.fixture
def agency():
    """The root of an agency; below it Dinas Kesehatan, below that Puskesmas Tarus."""
    return units.ensure_unit(make_unit("Dinas Kesehatan"), "Puskesmas Tarus").get_root()


@pytest.fixture
def dinas(agency):
    return agency.get_children().get(name="Dinas Kesehatan")


@pytest.fixture
def puskesmas(dinas):
    return dinas.get_children().get()


@pytest.fixture
def hr(dinas):
    return make_hr(dinas)


def grant(person, by, *, kind=HR, unit=None, group=None, from_at=NOW, until_at=None, at=NOW):
    return grant_role(person, kind=kind, unit=unit, group=group, from_at=from_at, until_at=until_at, by=by, at=at)


def refused(*args, **kwargs):
    before = Role.objects.count(), ChangeLog.objects.count()
    with pytest.raises(CannotGrant):
        grant(*args, **kwargs)
    return (Role.objects.count(), ChangeLog.objects.count()) == before


def test_an_officer_grants_inside_the_scope_and_it_counts_at_once(hr, puskesmas):
    person = PersonFactory(unit=puskesmas)
    role = grant(person, hr, unit=puskesmas)
    line = ChangeLog.objects.get()
    assert list(units_visible_to(person, at=NOW)) == [puskesmas]
    assert (role.granted_by, line.action, line.subject, line.unit) == (hr, "role_granted", person, puskesmas)


def test_a_double_click_grants_once(hr, puskesmas):
    person = PersonFactory(unit=puskesmas)
    first = grant(person, hr, unit=puskesmas)
    assert grant(person, hr, unit=puskesmas, from_at=NOW + SECOND, at=NOW + SECOND) == first
    assert (Role.objects.filter(person=person).count(), ChangeLog.objects.count()) == (1, 1)
    assert refused(person, hr, unit=puskesmas, until_at=NOON)


def test_nobody_grants_what_they_do_not_hold(hr, agency, dinas, puskesmas):
    person = PersonFactory(unit=puskesmas)
    group = AgencyGroup.objects.create(name="Provinsi")
    group.agencies.add(dinas.agency)
    assert refused(person, hr, unit=agency)  # the unit above
    assert refused(person, hr, unit=units.ensure_unit(agency, "Dinas Sosial"))  # the unit beside
    assert refused(person, hr, unit=make_unit())  # another agency
    assert refused(person, hr, group=group)
    for kind in set(Role.Kind) - {HR}:
        assert refused(person, hr, unit=puskesmas, kind=kind)


def test_roles_go_to_people_in_the_scope(hr, agency, puskesmas):
    assert refused(PersonFactory(), hr, unit=puskesmas)
    assert refused(PersonFactory(unit=agency), hr, unit=puskesmas)
    assert refused(PersonFactory(unit=puskesmas, is_active=False), hr, unit=puskesmas)


def test_nobody_grants_to_oneself(hr, puskesmas):
    assert refused(hr, hr, unit=puskesmas)


def test_without_a_role_or_after_it_nothing_is_granted(hr, puskesmas):
    person = PersonFactory(unit=puskesmas)
    assert refused(person, PersonFactory(unit=puskesmas), unit=puskesmas)
    hr.roles.update(until_at=NOON)
    grant(person, hr, unit=puskesmas, until_at=NOON, at=NOON - SECOND)
    assert refused(PersonFactory(unit=puskesmas), hr, unit=puskesmas, at=NOON, from_at=NOON, until_at=NOON + SECOND)


def test_no_grant_outlasts_the_role_of_the_granter(hr, puskesmas):
    hr.roles.update(until_at=NOON)
    person = PersonFactory(unit=puskesmas)
    assert refused(person, hr, unit=puskesmas)
    assert refused(person, hr, unit=puskesmas, until_at=NOON + SECOND)
    assert grant(person, hr, unit=puskesmas, until_at=NOON).until_at == NOON


def test_a_group_is_granted_by_its_holders(agency, dinas):
    group = AgencyGroup.objects.create(name="Provinsi")
    group.agencies.add(dinas.agency)
    province = PersonFactory()
    Role.objects.create(person=province, kind=HR, group=group, from_at=LONG_AGO)
    assert grant(PersonFactory(unit=dinas), province, group=group).group == group
    assert grant(PersonFactory(unit=dinas), province, unit=dinas).unit == dinas
    assert refused(PersonFactory(), province, group=group)  # of no agency of the group


@pytest.mark.parametrize("kind", Role.Kind)
def test_an_operator_and_a_superuser_grant_everything(dinas, kind):
    operator = PersonFactory()
    Role.objects.create(person=operator, kind=Role.Kind.OPERATOR, unit=operator.unit, from_at=LONG_AGO)
    assert grant(PersonFactory(), operator, unit=dinas, kind=kind).kind == kind
    assert grant(PersonFactory(), PersonFactory(is_superuser=True), unit=dinas, kind=kind).kind == kind


def test_a_period_must_be_one(hr, puskesmas):
    person = PersonFactory(unit=puskesmas)
    assert refused(person, hr, unit=puskesmas, from_at=NOON, until_at=NOON)
    assert refused(person, hr, unit=puskesmas, from_at=LONG_AGO, until_at=NOW)


def test_a_closed_unit_takes_no_role(hr, dinas):
    closed = units.open_unit(dinas, name="Bidang Lama", by=hr, at=NOW)
    units.close_unit(closed, by=hr, at=NOW)
    assert refused(PersonFactory(unit=dinas), hr, unit=closed)


def test_a_role_that_was_ended_can_be_granted_again(hr, puskesmas):
    person = PersonFactory(unit=puskesmas)
    first = end_role(grant(person, hr, unit=puskesmas), by=hr, at=NOW + SECOND)
    second = grant(person, hr, unit=puskesmas, at=NOW + 2 * SECOND, from_at=NOW + 2 * SECOND)
    assert first != second
    assert Role.objects.filter(person=person).count() == 2


def test_an_ended_role_shows_nothing_from_that_moment_and_stays_a_row(hr, puskesmas):
    person = PersonFactory(unit=puskesmas)
    role = grant(person, hr, unit=puskesmas)
    end_role(role, by=hr, at=NOON)
    end_role(role, by=hr, at=NOON + SECOND)
    assert units_visible_to(person, at=NOON - SECOND).exists()
    assert not units_visible_to(person, at=NOON).exists()
    assert Role.objects.get(pk=role.pk).until_at == NOON
    assert ChangeLog.objects.filter(action="role_ended").count() == 1


def test_a_role_ended_before_it_begins_never_begins(hr, puskesmas):
    role = grant(PersonFactory(unit=puskesmas), hr, unit=puskesmas, from_at=NOON)
    end_role(role, by=hr, at=NOW + SECOND)
    assert not Role.objects.in_force(NOON + SECOND).filter(pk=role.pk).exists()


def test_roles_outside_the_scope_or_of_another_kind_are_not_ended(hr, agency, dinas):
    above = Role.objects.create(person=PersonFactory(unit=dinas), kind=HR, unit=agency, from_at=LONG_AGO)
    trainer = Role.objects.create(person=PersonFactory(), kind=Role.Kind.TRAINER, unit=dinas, from_at=LONG_AGO)
    for role in (above, trainer):
        with pytest.raises(CannotEnd):
            end_role(role, by=hr, at=NOW)
    assert not Role.objects.filter(until_at__isnull=False).exists()


def test_an_own_role_can_be_laid_down(hr):
    assert may_end(hr, hr.roles.get(), at=NOW)
    end_role(hr.roles.get(), by=hr, at=NOW)
    assert not units_visible_to(hr, at=NOW).exists()


def test_an_inactive_officer_grants_nothing(hr, puskesmas):
    Person.objects.filter(pk=hr.pk).update(is_active=False)
    fresh = Person.objects.get(pk=hr.pk)
    assert not may_grant(fresh, kind=HR, unit=puskesmas, at=NOW)
    assert refused(PersonFactory(unit=puskesmas), fresh, unit=puskesmas)
