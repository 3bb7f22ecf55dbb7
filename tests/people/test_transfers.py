"""Moving people: inside an agency, between agencies, out of service. NOW is 14.30 on 24 November 2026 in Kupang."""

from datetime import UTC, date, datetime, timedelta

import pytest

from academy.people import units
from academy.people.corrections import CannotCorrect
from academy.people.models import ChangeLog, NipHistory, Person, Placement, Role, Transfer
from academy.people.placements import mirror_placements_that_came
from academy.people.scope import people_visible_to
from academy.people.transfers import (
    CannotMove,
    CannotRelease,
    TransferClosed,
    cancel_plan,
    leave,
    move,
    place_arrival,
    release,
    withdraw_release,
)
from courses.models import Completion
from tests.factories import LONG_AGO, PersonFactory, make_completion, make_enrolment, make_hr, make_nip, make_unit

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 11, 24, 6, 30, tzinfo=UTC)
TODAY = date(2026, 11, 24)


@pytest.fixture
def kupang():
    return make_unit("Dinas Kesehatan")


@pytest.fixture
def alor():
    return make_unit("Dinas Sosial")


@pytest.fixture
def hr(kupang):
    return make_hr(kupang.get_parent())


@pytest.fixture
def hr_alor(alor):
    return make_hr(alor.get_parent())


def beside(unit, name="Dinas Kominfo"):
    return units.ensure_unit(unit.get_parent(), name)


def today_of(person):
    return Person.objects.get(pk=person.pk).unit


def test_a_move_inside_the_agency_is_logged_once(kupang, hr):
    person, kominfo = PersonFactory(unit=kupang), beside(kupang)
    first = move(person, unit=kominfo, from_on=TODAY, by=hr, at=NOW)
    again = move(person, unit=kominfo, from_on=TODAY, by=hr, at=NOW + timedelta(seconds=1))
    line = ChangeLog.objects.get()
    assert (first, today_of(person)) == (again, kominfo)
    assert (line.action, line.actor, line.subject, line.unit) == ("placed", hr, person, kominfo)
    assert line.detail == {"before": "Dinas Kesehatan", "after": "Dinas Kominfo", "from_on": "2026-11-24"}


def test_a_move_ahead_waits_for_its_day(kupang, hr):
    person, kominfo = PersonFactory(unit=kupang), beside(kupang)
    move(person, unit=kominfo, from_on=date(2026, 12, 1), by=hr, at=NOW)
    assert today_of(person) == kupang
    mirror_placements_that_came(today=date(2026, 12, 1))
    assert today_of(person) == kominfo


def test_the_day_of_a_move_is_the_day_of_the_agency(kupang, hr):
    person, kominfo = PersonFactory(unit=kupang), beside(kupang)
    late = datetime(2026, 11, 24, 16, 30, tzinfo=UTC)  # half past midnight in Kupang
    move(person, unit=kominfo, from_on=date(2026, 11, 25), by=hr, at=late)
    assert today_of(person) == kominfo


def test_a_move_across_agencies_is_refused(kupang, alor, hr):
    person = PersonFactory(unit=kupang)
    with pytest.raises(CannotMove):
        move(person, unit=alor, from_on=TODAY, by=hr, at=NOW)
    assert (today_of(person), ChangeLog.objects.count()) == (kupang, 0)


def test_a_move_before_the_present_placement_is_refused(kupang, hr):
    person, kominfo = PersonFactory(unit=kupang), beside(kupang)
    move(person, unit=kominfo, from_on=date(2026, 11, 20), by=hr, at=NOW)
    with pytest.raises(CannotMove) as refusal:
        move(person, unit=kupang, from_on=date(2026, 11, 19), by=hr, at=NOW)
    assert (refusal.value.field, today_of(person)) == ("from_on", kominfo)


def test_a_move_more_than_a_year_ahead_is_refused(kupang, hr):
    with pytest.raises(CannotMove):
        move(PersonFactory(unit=kupang), unit=beside(kupang), from_on=date(2027, 11, 26), by=hr, at=NOW)


def test_nobody_is_moved_to_a_closed_unit(kupang, hr):
    person, kominfo = PersonFactory(unit=kupang), beside(kupang)
    units.close_unit(kominfo, by=hr, at=NOW)
    with pytest.raises(CannotMove):
        move(person, unit=kominfo, from_on=TODAY, by=hr, at=NOW)
    assert today_of(person) == kupang


def test_a_released_person_stays_with_the_old_agency_until_placed(kupang, alor, hr, hr_alor):
    person = PersonFactory(unit=kupang)
    transfer = release(person, to_agency=alor.agency, by=hr, at=NOW)
    assert release(person, to_agency=alor.agency, by=hr, at=NOW) == transfer
    assert person in people_visible_to(hr, at=NOW)
    assert person not in people_visible_to(hr_alor, at=NOW)
    place_arrival(transfer, unit=alor, by=hr_alor, at=NOW)
    assert person not in people_visible_to(hr, at=NOW)
    assert person in people_visible_to(hr_alor, at=NOW)
    assert [line.action for line in ChangeLog.objects.order_by("pk")] == ["released", "placed"]


def test_placing_an_arrival_twice_is_placing_it_once(kupang, alor, hr, hr_alor):
    transfer = release(PersonFactory(unit=kupang), to_agency=alor.agency, by=hr, at=NOW)
    first = place_arrival(transfer, unit=alor, by=hr_alor, at=NOW)
    again = place_arrival(transfer, unit=alor, by=hr_alor, at=NOW + timedelta(seconds=1))
    assert (again, again.placed_at) == (first, NOW)
    assert ChangeLog.objects.filter(action="placed").count() == 1
    with pytest.raises(TransferClosed):
        place_arrival(transfer, unit=beside(alor), by=hr_alor, at=NOW)
    with pytest.raises(TransferClosed):
        withdraw_release(transfer, by=hr, at=NOW)


def test_a_withdrawn_release_cannot_be_placed(kupang, alor, hr, hr_alor):
    person = PersonFactory(unit=kupang)
    transfer = release(person, to_agency=alor.agency, by=hr, at=NOW)
    withdraw_release(transfer, by=hr, at=NOW)
    withdraw_release(transfer, by=hr, at=NOW)
    with pytest.raises(TransferClosed):
        place_arrival(transfer, unit=alor, by=hr_alor, at=NOW)
    assert (today_of(person), ChangeLog.objects.count()) == (kupang, 2)


def test_a_person_is_released_to_one_agency_at_a_time(kupang, alor, hr):
    person = PersonFactory(unit=kupang)
    release(person, to_agency=alor.agency, by=hr, at=NOW)
    with pytest.raises(CannotRelease):
        release(person, to_agency=make_unit().agency, by=hr, at=NOW)
    with pytest.raises(CannotRelease):
        release(PersonFactory(unit=kupang), to_agency=kupang.agency, by=hr, at=NOW)
    assert Transfer.objects.count() == 1


def test_an_arrival_is_placed_in_the_agency_it_was_released_to(kupang, alor, hr, hr_alor):
    transfer = release(PersonFactory(unit=kupang), to_agency=alor.agency, by=hr, at=NOW)
    with pytest.raises(CannotMove):
        place_arrival(transfer, unit=make_unit(), by=hr_alor, at=NOW)
    transfer.refresh_from_db()
    assert transfer.placed_at is None


def test_a_new_number_comes_with_the_placement_and_the_former_is_kept(kupang, alor, hr, hr_alor):
    former, new = "199407122021211001", "199407122026211001"
    person = PersonFactory(unit=kupang, nip=former, kind=Person.Kind.PPPK)
    transfer = release(person, to_agency=alor.agency, by=hr, at=NOW)
    place_arrival(transfer, unit=alor, by=hr_alor, at=NOW, new_nip="19940712 202621 1 001")
    assert Person.objects.get(pk=person.pk).nip == new
    assert list(NipHistory.objects.values_list("person", "nip", "until_on")) == [(person.pk, former, TODAY)]


def test_a_number_that_is_taken_places_nobody(kupang, alor, hr, hr_alor):
    person, other = PersonFactory(unit=kupang), PersonFactory()
    transfer = release(person, to_agency=alor.agency, by=hr, at=NOW)
    with pytest.raises(CannotCorrect):
        place_arrival(transfer, unit=alor, by=hr_alor, at=NOW, new_nip=other.nip)
    assert (today_of(person), NipHistory.objects.count()) == (kupang, 0)


def test_enrolments_follow_and_completions_stay(kupang, alor, hr, hr_alor):
    person = PersonFactory(unit=kupang)
    running, earned = make_enrolment(person), make_completion(person)
    transfer = release(person, to_agency=alor.agency, by=hr, at=NOW)
    place_arrival(transfer, unit=alor, by=hr_alor, at=NOW)
    running.refresh_from_db()
    assert (running.unit, running.agency) == (alor, alor.agency)
    assert Completion.objects.get(pk=earned.pk).unit == kupang


def test_a_plan_of_the_old_agency_does_not_lead_back(kupang, alor, hr, hr_alor):
    person = PersonFactory(unit=kupang)
    move(person, unit=beside(kupang), from_on=date(2026, 12, 1), by=hr, at=NOW)
    transfer = release(person, to_agency=alor.agency, by=hr, at=NOW)
    place_arrival(transfer, unit=alor, by=hr_alor, at=NOW)
    mirror_placements_that_came(today=date(2026, 12, 1))
    assert today_of(person) == alor


def test_roles_over_the_agency_left_behind_end_and_others_stay(kupang, alor, hr, hr_alor):
    officer = make_hr(kupang)
    elsewhere = Role.objects.create(person=officer, kind=Role.Kind.TRAINER, unit=make_unit(), from_at=LONG_AGO)
    transfer = release(officer, to_agency=alor.agency, by=hr, at=NOW)
    assert Role.objects.in_force(NOW).filter(person=officer).count() == 2
    place_arrival(transfer, unit=alor, by=hr_alor, at=NOW)
    assert list(Role.objects.in_force(NOW).filter(person=officer)) == [elsewhere]
    assert ChangeLog.objects.filter(action="role_ended").count() == 1


def test_who_leaves_works_nowhere_and_holds_no_role(kupang, hr):
    officer = make_hr(kupang)
    first = leave(officer, from_on=TODAY, by=hr, at=NOW)
    assert leave(officer, from_on=TODAY, by=hr, at=NOW) == first
    assert (today_of(officer), Role.objects.in_force(NOW).filter(person=officer).count()) == (None, 0)
    assert ChangeLog.objects.filter(action="placed").count() == 1
    assert Person.objects.get(pk=officer.pk).is_active  # what was earned is still theirs to see


def test_who_leaves_later_keeps_unit_and_roles_until_that_day(kupang, hr):
    officer = make_hr(kupang)
    leave(officer, from_on=date(2026, 12, 1), by=hr, at=NOW)
    midnight = datetime(2026, 11, 30, 16, 0, tzinfo=UTC)  # the first of December begins in Kupang
    assert Role.objects.get(person=officer).until_at == midnight
    mirror_placements_that_came(today=date(2026, 12, 1))
    assert today_of(officer) is None


def test_leaving_is_refused_while_released_and_for_oneself_and_for_wider_powers(kupang, alor, hr):
    person = PersonFactory(unit=kupang)
    release(person, to_agency=alor.agency, by=hr, at=NOW)
    chief = PersonFactory(unit=kupang)
    Role.objects.create(person=chief, kind=Role.Kind.OPERATOR, unit=kupang.get_parent(), from_at=LONG_AGO)
    for refused in (person, hr, chief):
        with pytest.raises(CannotMove):
            leave(refused, from_on=TODAY, by=hr, at=NOW)
    assert not Placement.objects.filter(unit=None).exists()


def test_a_number_from_nowhere_is_refused(kupang, alor, hr, hr_alor):
    transfer = release(PersonFactory(unit=kupang), to_agency=alor.agency, by=hr, at=NOW)
    with pytest.raises(CannotCorrect):
        place_arrival(transfer, unit=alor, by=hr_alor, at=NOW, new_nip=make_nip(5)[:-1])


def test_a_plan_is_dropped_and_logged_once(kupang, hr):
    person, kominfo, day = PersonFactory(unit=kupang), beside(kupang), TODAY + timedelta(days=7)
    move(person, unit=kominfo, from_on=day, by=hr, at=NOW)
    assert cancel_plan(person, from_on=day, by=hr, at=NOW)
    assert not cancel_plan(person, from_on=day, by=hr, at=NOW)
    assert mirror_placements_that_came(today=day) == 0
    assert today_of(person) == kupang
    line = ChangeLog.objects.get(action="plan_cancelled")
    assert (line.subject, line.unit, line.actor) == (person, kupang, hr)
    assert line.detail == {"from_on": "2026-12-01", "planned": "Dinas Kominfo"}


def test_what_has_come_is_not_cancelled(kupang, hr):
    person, kominfo = PersonFactory(unit=kupang), beside(kupang)
    move(person, unit=kominfo, from_on=TODAY, by=hr, at=NOW)
    with pytest.raises(CannotMove):
        cancel_plan(person, from_on=TODAY, by=hr, at=NOW)
    assert today_of(person) == kominfo


def test_a_plan_the_clock_mirrored_too_early_is_taken_back(kupang, hr):
    """The clock counts days in one zone; an agency further west is still in the day before."""
    person, kominfo, day = PersonFactory(unit=kupang), beside(kupang), TODAY + timedelta(days=1)
    move(person, unit=kominfo, from_on=day, by=hr, at=NOW)
    mirror_placements_that_came(today=day)
    assert today_of(person) == kominfo
    cancel_plan(person, from_on=day, by=hr, at=NOW)
    assert today_of(person) == kupang


def test_a_planned_end_of_service_is_cancelled_and_roles_still_end(kupang, hr):
    person, day = PersonFactory(unit=kupang), TODAY + timedelta(days=7)
    role = Role.objects.create(person=person, kind=Role.Kind.HR, unit=kupang, from_at=LONG_AGO)
    leave(person, from_on=day, by=hr, at=NOW)
    assert cancel_plan(person, from_on=day, by=hr, at=NOW)
    mirror_placements_that_came(today=day)
    role.refresh_from_db()
    assert (today_of(person), role.until_at) == (kupang, kupang.agency.midnight(day))


def test_a_transfer_keeps_the_name_of_the_release(kupang, alor, hr):
    person = PersonFactory(unit=kupang, name="Ana Bere", title_before="Dr.", title_after="M.Si.")
    assert release(person, to_agency=alor.agency, by=hr, at=NOW).name == "Dr. Ana Bere, M.Si."


def test_the_log_of_a_transfer_names_both_agencies(kupang, alor, hr, hr_alor):
    person = PersonFactory(unit=kupang)
    place_arrival(release(person, to_agency=alor.agency, by=hr, at=NOW), unit=alor, by=hr_alor, at=NOW)
    detail = ChangeLog.objects.get(action="placed").detail
    assert detail["before"] == f"Dinas Kesehatan, {kupang.agency.name}"
    assert detail["after"] == f"Dinas Sosial, {alor.agency.name}"
