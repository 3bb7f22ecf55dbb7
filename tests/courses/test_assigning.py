"""Assigned learning: whom it reaches, what it does once, after a crash, and how it is taken back."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from academy.notifications.messages import send_once_to_each
from academy.notifications.models import Message
from academy.people.models import ChangeLog, NipHistory, Role
from academy.people.placements import place
from courses import assigning
from courses.assigning import CannotAssign, Reach, carry_on, confirm, discard, preview, propose, sweep, take_back
from courses.enrolment import enrol, withdraw
from courses.models import AssignedEnrolment, Assignment, Course, Edition, Enrolment, Run
from tests.factories import (
    AT,
    PersonFactory,
    make_completion,
    make_edition,
    make_enrolment,
    make_hr,
    make_nip,
    make_unit,
)

pytestmark = pytest.mark.django_db
DUE = date(2026, 12, 20)
LATER = AT + timedelta(hours=1)


@pytest.fixture
def unit():
    return make_unit()


@pytest.fixture
def officer(unit):
    """HR over the whole agency; a unit of her own, so that she is nobody's target."""
    return make_hr(unit.get_parent(), name="Bernadeta HR", email="hr@contoh.test")


@pytest.fixture
def edition():
    return make_edition()


def assignment(officer, edition, *, unit=None, nips=(), due_on=DUE, into=None):
    return propose(edition.course, run=into, due_on=due_on, unit=unit, nips=list(nips), by=officer, at=AT)


def dated_run(edition, **fields):
    days = {"opens_on": date(2026, 12, 1), "closes_on": date(2026, 12, 31)}
    return Run.objects.create(course=edition.course, year=2026, number=2, **days | fields)


def run(one, officer, at=AT):
    confirm(one, by=officer, at=at)
    carry_on(one.pk, clock=lambda: at)
    one.refresh_from_db()
    return one


def test_everybody_in_the_unit_and_below_is_enrolled(officer, edition, unit):
    below = unit.add_child(agency=unit.agency, name="Bidang Aplikasi")
    people = [PersonFactory(unit=unit), PersonFactory(unit=below)]
    PersonFactory(unit=unit, is_active=False)
    outside = PersonFactory()
    one = run(assignment(officer, edition, unit=unit), officer)
    rows = Enrolment.objects.order_by("pk")
    assert [(row.person, row.unit, row.agency, row.edition, row.due_on, row.enrolled_at) for row in rows] == [
        (people[0], unit, unit.agency, edition, DUE, AT),
        (people[1], below, unit.agency, edition, DUE, AT),
    ]
    assert {row.run.year for row in rows} == {2026}
    assert not Enrolment.objects.filter(person=outside).exists()
    assert (one.state, one.counts) == ("done", {"unknown": 0, "new": 2, "running": 0, "finished": 0, "inactive": 1})
    assert Message.objects.filter(key=f"assigned:{one.pk}").count() == 2


def test_the_preview_says_what_comes_true(officer, edition, unit):
    new, running, finished = (PersonFactory(unit=unit, name=name) for name in ("Baru", "Berjalan", "Selesai"))
    inactive = PersonFactory(unit=unit, is_active=False)
    stranger = PersonFactory()
    make_enrolment(running, edition=edition)
    make_completion(finished, edition=edition)
    nips = [person.nip for person in (new, running, finished, inactive, stranger)] + ["199001012020121001"]
    one = assignment(officer, edition, nips=nips)
    found = preview(one, at=AT)
    assert found.counts == {Reach.NEW: 1, Reach.RUNNING: 1, Reach.FINISHED: 1, Reach.INACTIVE: 1}
    assert found.unknown == [stranger.nip, "199001012020121001"]  # foreign and nobody's: the same answer
    assert found.samples[Reach.NEW] == [new]
    run(one, officer)
    assert one.counts == {"new": 1, "running": 1, "finished": 1, "inactive": 1, "unknown": 2}
    assert Enrolment.objects.count() == 3


def test_a_former_nip_is_taken_for_whom_it_belonged_to(officer, edition, unit):
    """Counted once for somebody listed with both numbers; a number that is somebody's today means nobody else."""
    old, taken, foreign = (make_nip(number) for number in (901, 902, 903))
    renumbered, other, holder = PersonFactory(unit=unit), PersonFactory(unit=unit), PersonFactory(nip=taken)
    stranger = PersonFactory()
    for person, number in ((renumbered, old), (other, taken), (stranger, foreign)):
        NipHistory.objects.create(person=person, nip=number, until_on=AT.date())
    one = assignment(officer, edition, nips=[renumbered.nip, old, taken, foreign])
    found = preview(one, at=AT)
    assert found.former == [(old, renumbered)]
    assert found.unknown == [taken, foreign]
    assert found.counts[Reach.NEW] == 1
    run(one, officer)
    assert [row.person for row in Enrolment.objects.all()] == [renumbered]
    assert holder.unit != unit


def test_a_repeat_changes_nothing(officer, edition, unit):
    PersonFactory(unit=unit)
    one = run(assignment(officer, edition, unit=unit), officer)
    run(one, officer, at=LATER)
    assert not carry_on(one.pk, clock=lambda: LATER)
    assert (Enrolment.objects.count(), AssignedEnrolment.objects.count(), Message.objects.count()) == (1, 1, 1)
    assert ChangeLog.objects.filter(action="assigned").count() == 1
    assert one.counts["new"] == 1


def test_who_learns_already_gets_the_due_date_and_the_earlier_one_counts(officer, edition, unit):
    person = PersonFactory(unit=unit)
    mine = make_enrolment(person, edition=edition)
    for due_on, expected in ((DUE, DUE), (date(2026, 12, 24), DUE), (date(2026, 12, 1), date(2026, 12, 1))):
        run(assignment(officer, edition, unit=unit, due_on=due_on), officer)
        mine.refresh_from_db()
        assert mine.due_on == expected
    assert Enrolment.objects.count() == 1


def test_who_had_left_is_enrolled_again_on_the_newest_edition(officer, edition, unit):
    person = PersonFactory(unit=unit)
    left = enrol(person, edition.course, at=AT)
    withdraw(left, at=AT)
    newest = Edition.objects.create(
        course=edition.course,
        major=2,
        minor=0,
        title="Baru",
        credit_hours=3,
        pass_mark=70,
        sequential=True,
        published_at=AT,
    )
    run(assignment(officer, edition, unit=unit), officer)
    left.refresh_from_db()
    assert (left.withdrawn_at, left.edition, left.due_on) == (None, newest, DUE)


def test_who_leaves_after_being_assigned_is_not_fetched_back_by_a_repeat(officer, edition, unit):
    person = PersonFactory(unit=unit)
    one = run(assignment(officer, edition, unit=unit), officer)
    withdraw(Enrolment.objects.get(person=person), at=LATER)
    run(one, officer, at=LATER)
    assert Enrolment.objects.get().withdrawn_at == LATER


def test_who_left_the_scope_before_the_run_is_not_enrolled(officer, edition, unit):
    gone, stays = PersonFactory(unit=unit), PersonFactory(unit=unit)
    one = assignment(officer, edition, nips=[gone.nip, stays.nip])
    confirm(one, by=officer, at=AT)
    place(gone, unit=make_unit(), from_on=date(2026, 11, 24), today=date(2026, 11, 24))
    carry_on(one.pk, clock=lambda: LATER)
    assert Enrolment.objects.get().person == stays


def test_a_role_that_ended_stops_the_rest(officer, edition, unit, monkeypatch):
    monkeypatch.setattr(assigning, "PORTION", 1)
    first, _second = PersonFactory(unit=unit), PersonFactory(unit=unit)
    one = assignment(officer, edition, unit=unit)
    confirm(one, by=officer, at=AT)
    assert assigning.assign_portion(one.pk, at=AT)
    Role.objects.filter(person=officer).update(until_at=LATER)
    carry_on(one.pk, clock=lambda: LATER)
    one.refresh_from_db()
    assert (one.state, one.problem, one.lease_until) == ("stopped", "role", None)
    assert Enrolment.objects.get().person == first


def test_a_crash_in_the_middle_loses_and_doubles_nothing(officer, edition, unit, monkeypatch):
    monkeypatch.setattr(assigning, "PORTION", 2)
    PersonFactory.create_batch(5, unit=unit)
    one = assignment(officer, edition, unit=unit)
    confirm(one, by=officer, at=AT)
    whole, calls = send_once_to_each, []

    def dies_at_the_second(*args, **kwargs):
        calls.append(1)
        if len(calls) == 2:
            raise OSError
        whole(*args, **kwargs)

    with monkeypatch.context() as broken:
        broken.setattr(assigning, "send_once_to_each", dies_at_the_second)
        with pytest.raises(OSError):  # noqa: PT011  any error will do
            carry_on(one.pk, clock=lambda: AT)
    one.refresh_from_db()
    assert (Enrolment.objects.count(), one.counts["new"], one.state) == (2, 2, "confirmed")
    assert sweep(clock=lambda: AT + timedelta(seconds=60)) == 0  # the dead worker's lease
    assert sweep(clock=lambda: LATER) == 1
    one.refresh_from_db()
    assert (Enrolment.objects.count(), AssignedEnrolment.objects.count(), one.counts["new"]) == (5, 5, 5)


def test_what_fails_again_and_again_is_set_aside(officer, edition, unit):
    PersonFactory(unit=unit)
    one = assignment(officer, edition, unit=unit)
    confirm(one, by=officer, at=AT)
    Assignment.objects.update(tries=5)
    assert sweep(clock=lambda: LATER) == 0
    one.refresh_from_db()
    assert one.is_given_up


def test_taking_back_keeps_what_was_begun(officer, edition, unit):
    idle, busy, before = (PersonFactory(unit=unit) for _ in range(3))
    make_enrolment(before, edition=edition)
    one = run(assignment(officer, edition, unit=unit), officer)
    Enrolment.objects.filter(person=busy).update(started_at=AT)
    assert take_back(one, by=officer, at=LATER) == 1
    assert take_back(one, by=officer, at=LATER) == 0
    rows = {row.person: (row.withdrawn_at, row.due_on) for row in Enrolment.objects.select_related("person")}
    assert rows == {idle: (LATER, None), busy: (None, None), before: (None, None)}
    assert ChangeLog.objects.filter(action="assigned", detail__taken_back=True).count() == 1


def test_another_assignment_keeps_its_enrolment_and_day(officer, edition, unit):
    PersonFactory(unit=unit)
    first = run(assignment(officer, edition, unit=unit, due_on=date(2026, 12, 1)), officer)
    run(assignment(officer, edition, unit=unit), officer)
    assert take_back(first, by=officer, at=LATER) == 0
    row = Enrolment.objects.get()
    assert (row.withdrawn_at, row.due_on) == (None, DUE)


def test_what_makes_no_sense_is_refused(officer, edition, unit):
    with pytest.raises(CannotAssign, match="sudah lewat"):
        assignment(officer, edition, unit=unit, due_on=date(2026, 11, 23))
    nobody = assignment(officer, edition, nips=["199001012020121001"])
    with pytest.raises(CannotAssign, match="Tidak ada"):
        confirm(nobody, by=officer, at=AT)
    with pytest.raises(CannotAssign):
        take_back(nobody, by=officer, at=AT)
    discard(nobody, at=AT)
    with pytest.raises(CannotAssign, match="dibuang"):
        confirm(nobody, by=officer, at=AT)
    assert not Enrolment.objects.exists()
    assert not ChangeLog.objects.exists()


def test_a_portion_asks_as_often_for_twenty_as_for_two(officer, edition, unit):
    def queries(count):
        below = unit.add_child(agency=unit.agency, name=f"Bidang {count}")
        PersonFactory.create_batch(count, unit=below)
        unit.refresh_from_db()
        one = assignment(officer, edition, unit=below)
        confirm(one, by=officer, at=AT)
        with CaptureQueriesContext(
            connection,
        ) as captured:
            assigning.assign_portion(one.pk, at=AT)
        return len(captured)

    queries(1)  # makes the run of the year
    assert queries(20) == queries(2) <= 25


def test_the_year_is_that_of_the_organiser(officer, edition, unit):
    PersonFactory(unit=unit)
    new_year = datetime(2026, 12, 31, 17, 0, tzinfo=UTC)  # 1.00 on 1 January in Kupang
    one = propose(edition.course, due_on=date(2027, 2, 1), unit=unit, nips=[], by=officer, at=new_year)
    run(one, officer, at=new_year)
    assert Enrolment.objects.get().run.year == 2027


def test_people_are_assigned_into_a_dated_run(officer, edition, unit):
    """Who is in another run of the course stays there; a repeat adds nobody."""
    new, running = PersonFactory(unit=unit), PersonFactory(unit=unit)
    mine, into = make_enrolment(running, edition=edition), dated_run(edition, seats=1)
    one = assignment(officer, edition, unit=unit, into=into)
    assert preview(one, at=AT).counts[Reach.NEW] == 1
    run(one, officer)
    run(one, officer, at=LATER)
    rows = Enrolment.objects.order_by("pk").values_list("person", "run", "edition", "due_on")
    assert list(rows) == [(running.pk, mine.run_id, edition.pk, DUE), (new.pk, into.pk, edition.pk, DUE)]
    assert (one.state, one.counts["new"], one.counts["running"]) == ("done", 1, 1)
    message = Message.objects.get(key=f"assigned:{one.pk}")
    assert f"{edition.course.title}, Angkatan II Tahun 2026" in message.body
    again = run(assignment(officer, edition, nips=[new.nip], into=into), officer)  # full, but the seat is one's own
    assert (again.counts["new"], again.counts["running"], Enrolment.objects.count()) == (0, 1, 2)


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"closed_at": AT}, "Angkatan II Tahun 2026 sudah ditutup"),
        ({"opens_on": date(2026, 11, 1), "closes_on": date(2026, 11, 23)}, "Angkatan II Tahun 2026 sudah ditutup"),
        ({"enrol_until_on": date(2026, 11, 23)}, "Angkatan II Tahun 2026 tidak menerima"),
        ({"self_enrolment": False}, "Angkatan II Tahun 2026 tidak menerima"),
        ({"closes_on": date(2026, 12, 19)}, "Angkatan II Tahun 2026 berlangsung dari 1 Desember 2026 sampai 19"),
        ({"opens_on": date(2026, 12, 21)}, "Angkatan II Tahun 2026 berlangsung dari 21"),
    ],
)
def test_a_run_that_takes_nobody_is_refused_by_name(officer, edition, unit, fields, said):
    PersonFactory(unit=unit)
    into = dated_run(edition)
    earlier = assignment(officer, edition, unit=unit, into=into)
    Run.objects.filter(pk=into.pk).update(**fields)
    into.refresh_from_db()
    with pytest.raises(CannotAssign, match=said):
        assignment(officer, edition, unit=unit, into=into)
    with pytest.raises(CannotAssign, match=said):
        confirm(earlier, by=officer, at=AT)
    assert (Assignment.objects.count(), Enrolment.objects.count()) == (1, 0)


def test_a_run_with_too_few_seats_is_refused_by_name(officer, edition, unit):
    PersonFactory.create_batch(3, unit=unit)
    into = dated_run(edition, seats=3)
    one = assignment(officer, edition, unit=unit, into=into)
    enrol(PersonFactory(), edition.course, at=AT, run=into)
    with pytest.raises(CannotAssign, match=r"Angkatan II Tahun 2026 tersisa 2 dari 3 kursi.*3 orang"):
        confirm(one, by=officer, at=AT)
    for _number in range(2):
        enrol(PersonFactory(), edition.course, at=AT, run=into)
    with pytest.raises(CannotAssign, match=r"3 kursi\) pada Angkatan II Tahun 2026 sudah terisi"):
        confirm(one, by=officer, at=AT)


def test_a_course_taken_in_runs_only_is_not_assigned_without_one(officer, edition, unit):
    Course.objects.update(self_paced=False)
    edition.course.refresh_from_db()
    with pytest.raises(CannotAssign, match=f"“{edition.course.title}” diikuti per angkatan"):
        assignment(officer, edition, unit=unit)
    assert assignment(officer, edition, unit=unit, into=dated_run(edition)).run.number == 2


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda into: Course.objects.update(archived_at=AT), "diarsipkan"),
        (lambda into: Run.objects.filter(pk=into.pk).update(closed_at=AT), "Angkatan II Tahun 2026 sudah ditutup"),
        (lambda into: Run.objects.filter(pk=into.pk).update(seats=3), "Angkatan II Tahun 2026 tersisa 1 dari 3 kursi"),
    ],
)
def test_what_ends_joining_stops_the_rest_by_name(officer, edition, unit, monkeypatch, change, said):
    """No portion is half done; taking back still empties the course."""
    monkeypatch.setattr(assigning, "PORTION", 2)
    PersonFactory.create_batch(4, unit=unit)
    into = dated_run(edition)
    one = assignment(officer, edition, unit=unit, into=into)
    confirm(one, by=officer, at=AT)
    assert assigning.assign_portion(one.pk, at=AT)
    change(into)
    carry_on(one.pk, clock=lambda: LATER)
    one.refresh_from_db()
    assert (one.state, one.lease_until, one.counts["new"]) == ("stopped", None, 2)
    assert said in one.problem
    assert (Enrolment.objects.count(), AssignedEnrolment.objects.count(), Message.objects.count()) == (2, 2, 2)
    assert sweep(clock=lambda: LATER + timedelta(hours=1)) == 0
    assert take_back(one, by=officer, at=LATER) == 2
