"""Two officers at the same moment, each on a connection of its own: one fact, and a refusal in words for the other."""

from __future__ import annotations

from contextlib import suppress
from datetime import date, timedelta
from typing import Any

import pytest

from academy.people import units
from academy.people.activation import CannotMakeCode, WrongCode, activate, make_codes
from academy.people.corrections import CannotCorrect, correct
from academy.people.models import AgencyGroup, ChangeLog, Person, Placement, Role, Transfer, WorkUnit
from academy.people.roles import grant_role
from academy.people.transfers import (
    CannotMove,
    CannotRelease,
    TransferClosed,
    cancel_plan,
    move,
    place_arrival,
    release,
)
from academy.people.units import CannotChangeUnit
from courses.enrolment import enrol
from courses.models import Enrolment
from tests.courses.test_races import all_at_once
from tests.factories import AT, LONG_AGO, AgencyFactory, PersonFactory, make_edition, make_hr, make_unit

pytestmark = [pytest.mark.race, pytest.mark.django_db(transaction=True)]
TODAY = date(2026, 11, 24)
AT_ONCE = 16


def outcomes(action):
    """How often `action` went through, and how often it was refused."""

    def run(number):
        try:
            action(number)
        except (CannotMove, CannotRelease, TransferClosed, CannotChangeUnit, CannotCorrect):
            return "refused"
        return "done"

    results = all_at_once(run, count=AT_ONCE)
    return results.count("done"), results.count("refused")


def test_two_agencies_are_released_to_and_one_gets_the_person():
    old, agencies = make_unit(), [AgencyFactory(), AgencyFactory()]
    hr, person = make_hr(old), PersonFactory(unit=old)
    done, refused = outcomes(lambda number: release(person, to_agency=agencies[number % 2], by=hr, at=AT))
    assert (done, refused, Transfer.objects.count()) == (AT_ONCE / 2, AT_ONCE / 2, 1)


def test_two_placements_of_one_arrival_make_one():
    old, new = make_unit(), make_unit()
    beside = units.ensure_unit(new.get_parent(), "Dinas Sosial")
    hr, officer, person = make_hr(old), make_hr(new.get_parent()), PersonFactory(unit=old)
    transfer = release(person, to_agency=new.agency, by=hr, at=AT)
    targets = [new, beside]
    done, refused = outcomes(lambda number: place_arrival(transfer, unit=targets[number % 2], by=officer, at=AT))
    assert (done, refused) == (AT_ONCE / 2, AT_ONCE / 2)
    transfer.refresh_from_db()
    assert Person.objects.get(pk=person.pk).unit == transfer.placed_in
    assert ChangeLog.objects.filter(action="placed").count() == 1


def test_a_double_click_moves_and_grants_once():
    unit = make_unit()
    other, hr, person = units.ensure_unit(unit.get_parent(), "Dinas Sosial"), make_hr(unit.get_parent()), None
    person = PersonFactory(unit=unit)
    assert outcomes(lambda _n: move(person, unit=other, from_on=TODAY, by=hr, at=AT)) == (AT_ONCE, 0)
    grants: dict[str, Any] = {"kind": Role.Kind.HR, "unit": unit, "from_at": AT, "until_at": None, "by": hr, "at": AT}
    assert outcomes(lambda _n: grant_role(person, **grants)) == (AT_ONCE, 0)
    assert (Role.objects.filter(person=person).count(), ChangeLog.objects.count()) == (1, 2)


def test_a_plan_is_cancelled_once_or_replaced_whole():
    """Half cancel it, half plan another unit for the same day: each line of the log tells what was true."""
    unit, day = make_unit(), TODAY + timedelta(days=7)
    other, third = (units.ensure_unit(unit.get_parent(), name) for name in ("Dinas Sosial", "Dinas Kominfo"))
    hr, person = make_hr(unit.get_parent()), PersonFactory(unit=unit)
    move(person, unit=other, from_on=day, by=hr, at=AT)

    def act(number):
        if number % 2:
            cancel_plan(person, from_on=day, by=hr, at=AT)
        else:
            move(person, unit=third, from_on=day, by=hr, at=AT)

    assert outcomes(act) == (AT_ONCE, 0)
    moved, cancelled = (ChangeLog.objects.filter(action=action).count() for action in ("placed", "plan_cancelled"))
    plans = Placement.objects.filter(person=person, from_on=day)
    assert plans.count() <= 1
    # A move may replace the first plan without a cancelling between: then there is one move more.
    assert moved - cancelled - plans.count() in {0, 1}
    assert Person.objects.get(pk=person.pk).unit == unit


def test_a_code_and_a_role_of_wider_powers_never_meet():
    """Whichever comes first, the maker of the code cannot enter an account that he could not administer."""
    unit = make_unit()
    root = unit.get_parent()
    officer, chief, person = make_hr(unit), make_hr(root), PersonFactory(unit=unit, email=None)
    slips = []

    def act(number):
        if number == 0:
            grant_role(person, kind=Role.Kind.HR, unit=root, from_at=AT, until_at=None, by=chief, at=AT)
        elif number == 1:
            slips.extend(make_codes([person], by=officer, at=AT))

    all_at_once(act_or_nothing(act), count=2)
    for slip in slips:
        with pytest.raises(WrongCode):
            activate(person.nip, slip.code, password="pinang-sirih-kelapa", at=AT)


def act_or_nothing(act):
    def run(number):
        with suppress(CannotMakeCode):
            act(number)

    return run


def test_nobody_is_placed_in_a_unit_that_is_being_merged_or_closed():
    unit = make_unit()
    root = unit.get_parent()
    into = units.ensure_unit(root, "Dinas Sosial")
    hr, people = make_hr(root), [PersonFactory(unit=root) for _number in range(AT_ONCE - 1)]

    def act(number):
        if number == 0:
            units.merge_unit(unit, into=into, by=hr, at=AT)
        else:
            move(people[number - 1], unit=unit, from_on=TODAY, by=hr, at=AT)

    done, refused = outcomes(act)
    assert done + refused == AT_ONCE
    assert not Person.objects.filter(unit=unit).exists()
    assert Person.objects.filter(unit=into).count() == done - 1  # whoever was quicker was carried over


def test_branches_move_and_people_are_placed_at_the_same_time():
    unit = make_unit("Dinas Kesehatan")
    root = unit.get_parent()
    parents = [units.ensure_unit(root, f"Dinas {number}") for number in range(2)]
    below = units.ensure_unit(unit, "Puskesmas Baun")
    hr, people = make_hr(root), [PersonFactory(unit=root) for _number in range(AT_ONCE)]

    def act(number):
        if number % 2:
            move(people[number], unit=below, from_on=TODAY, by=hr, at=AT)
        else:
            units.move_unit(unit, to=parents[number // 2 % 2], by=hr, at=AT)

    assert outcomes(act) == (AT_ONCE, 0)
    assert Person.objects.filter(unit=below).count() == AT_ONCE / 2
    assert WorkUnit.find_problems() == ([], [], [], [], [])
    assert WorkUnit.objects.get(pk=below.pk).get_parent() == unit


def test_two_branches_do_not_end_up_below_each_other():
    first, root = make_unit("Dinas Kesehatan"), None
    root = first.get_parent()
    second, hr = units.ensure_unit(root, "Dinas Sosial"), make_hr(root)
    pairs = [(first, second), (second, first)]

    def act(number):
        unit, to = pairs[number % 2]
        units.move_unit(unit, to=to, by=hr, at=AT)

    done, refused = outcomes(act)
    assert (done, refused) == (AT_ONCE / 2, AT_ONCE / 2)
    assert WorkUnit.find_problems() == ([], [], [], [], [])


def test_learners_enrol_while_their_unit_is_merged():
    unit, edition = make_unit(), make_edition()
    root = unit.get_parent()
    into, hr = units.ensure_unit(root, "Dinas Sosial"), make_hr(root)
    people = [PersonFactory(unit=unit) for _number in range(AT_ONCE)]

    def act(number):
        if number == 0:
            units.merge_unit(unit, into=into, by=hr, at=AT)
        else:
            enrol(people[number], edition.course, at=AT)

    assert outcomes(act) == (AT_ONCE, 0)
    assert set(Placement.objects.filter(person__in=people, from_on=TODAY).values_list("unit", flat=True)) == {into.pk}
    assert {row.unit for row in Enrolment.objects.select_related("unit")} == {into}


def test_one_of_two_gets_the_same_new_number():
    unit = make_unit()
    hr, people = make_hr(unit), [PersonFactory(unit=unit) for _number in range(AT_ONCE)]
    number = "199407122020121009"
    assert outcomes(lambda n: correct(people[n], {"nip": number}, by=hr, at=AT)) == (1, AT_ONCE - 1)
    assert Person.objects.filter(nip=number).count() == 1


def test_group_and_unit_officers_exist_side_by_side():
    group = AgencyGroup.objects.create(name="Provinsi")
    unit = make_unit()
    group.agencies.add(unit.agency)
    province, person = PersonFactory(), PersonFactory(unit=unit)
    Role.objects.create(person=province, kind=Role.Kind.HR, group=group, from_at=LONG_AGO)
    grants: dict[str, Any] = {"kind": Role.Kind.HR, "from_at": AT, "until_at": None, "by": province, "at": AT}
    scopes: list[dict[str, Any]] = [{"unit": unit}, {"group": group}]
    assert outcomes(lambda n: grant_role(person, **grants, **scopes[n % 2])) == (AT_ONCE, 0)
    assert Role.objects.filter(person=person).count() == 2
