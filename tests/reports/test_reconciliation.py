"""Every stored number is recounted: whatever is damaged is named, and put right where it only repeats facts."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from django.core.management import call_command
from django.db import connection
from django.db.models import F
from django.test.utils import CaptureQueriesContext

from academy.notifications.models import Message
from academy.people import units
from academy.people.models import Person, Placement, Role
from academy.reports import reconciliation, tasks
from academy.reports.models import AgencyYear, Reconciliation
from academy.reports.recounts import RECOUNTS, Difference, Kind
from academy.reports.rollup import refreshing
from certificates import issuing
from certificates.models import Certificate, NumberSeries
from courses.models import ActivityProgress, Completion, Enrolment, EnrolmentProgress, LearnerYear
from tests.factories import AT, LONG_AGO, PersonFactory, make_completion, make_edition, make_enrolment, make_unit

pytestmark = pytest.mark.django_db
LATER = AT + timedelta(minutes=5)


def recounted(*, at: datetime = LATER) -> list[Difference]:
    return [difference for recount in RECOUNTS for difference in recount(at)]


def kinds(*, at: datetime = LATER) -> list[str]:
    return sorted(difference.kind.value for difference in recounted(at=at))


def check(*, mends: bool = False, at: datetime = LATER) -> Reconciliation:
    return reconciliation.carry_out(reconciliation.ask(by=None, mends=mends, at=at), clock=lambda: at)


def work_at(at: datetime) -> Reconciliation | None:
    return reconciliation.work(clock=lambda: at)


@pytest.fixture
def completion() -> Completion:
    """Ana finished 3 JP in Kominfo and holds the certificate 1 of 2026; Beni is learning the same."""
    unit = make_unit("Dinas Kominfo")
    ana, beni = PersonFactory(unit=unit), PersonFactory(unit=unit)
    done = make_completion(ana, edition=make_edition(lessons=1, questions=0))
    issuing.publish_file(issuing.issue(done, at=AT), at=AT)
    make_enrolment(beni, edition=done.edition)
    return done


def other_unit() -> int:
    key: int = make_unit("Dinas Lain").pk
    return key


def of_enrolment(**damage: Any) -> Callable[[Completion], object]:
    return lambda done: Enrolment.objects.filter(pk=done.enrolment_id).update(
        **{name: value() if callable(value) else value for name, value in damage.items()}
    )


def of_year(**damage: Any) -> Callable[[Completion], object]:
    return lambda done: LearnerYear.objects.filter(person=done.person_id).update(
        **{name: value() if callable(value) else value for name, value in damage.items()}
    )


def print_another(**printed: Any) -> Callable[[Completion], object]:
    def damage(done: Completion) -> None:
        row = done.certificates.get()
        Certificate.objects.filter(pk=row.pk).update(facts=row.facts | printed)

    return damage


def second_live_one(done: Completion) -> None:
    with connection.cursor() as cursor:
        cursor.execute("DROP INDEX certificate_one_live_per_completion")
    row = done.certificates.get()
    row.pk, row.revision, row.sequence, row.code, row.file, row.published_at = None, 2, 2, "2" * 16, None, None
    row.status_index = None
    row.save()
    NumberSeries.objects.update(last=2)


def keep_progress(**said: Any) -> Callable[[Completion], object]:
    """Of the one who finished, who did one lesson of one."""

    def damage(done: Completion) -> None:
        ActivityProgress.objects.create(
            enrolment=done.enrolment, activity=done.edition.activities.get().activity, done_at=AT
        )
        if said:
            right = {"percent": 100, "last_active_at": AT}
            EnrolmentProgress.objects.create(enrolment=done.enrolment, **right | said)

    return damage


DAMAGES: dict[str, tuple[Callable[[Completion], object], list[str]]] = {
    "placed elsewhere": (
        lambda done: Placement.objects.create(person=done.person, unit_id=other_unit(), from_on=AT.date()),
        ["person.unit"],
    ),
    "another course": (of_enrolment(course=lambda: make_edition().course_id), ["enrolment.course"]),
    "another unit": (of_enrolment(unit=other_unit), ["enrolment.unit"]),
    "no unit": (of_enrolment(unit=None), ["enrolment.unit"]),
    "no agency": (of_enrolment(agency=None), ["enrolment.agency"]),
    "another moment": (of_enrolment(completed_at=LATER), ["enrolment.completed_at"]),
    "another day": (of_enrolment(completed_on="2025-11-24"), ["enrolment.completed_on"]),
    "finished and not known": (
        of_enrolment(completed_on=None, certified_at=None),
        ["enrolment.certified_at", "enrolment.completed_on", "enrolment.reached"],
    ),
    "earned elsewhere": (of_enrolment(earned_unit=other_unit), ["enrolment.earned_unit"]),
    "another score": (of_enrolment(score=89), ["enrolment.score"]),
    "no score": (of_enrolment(score=None), ["enrolment.score"]),
    "other hours": (of_enrolment(credit_hours=4), ["enrolment.credit_hours"]),
    "hours that do not count": (of_enrolment(counted_hours=0), ["enrolment.counted_hours"]),
    "hours that nobody counted": (of_enrolment(counted_hours=None), ["enrolment.counted_hours"]),
    "not certified": (of_enrolment(certified_at=None), ["enrolment.certified_at", "enrolment.reached"]),
    "hours of somebody who learns": (
        lambda done: Enrolment.objects.exclude(pk=done.enrolment_id).update(counted_hours=3),
        ["enrolment.counted_hours"],
    ),
    "certified and not finished": (
        lambda done: Enrolment.objects.exclude(pk=done.enrolment_id).update(certified_at=AT),
        ["enrolment.certified_at", "enrolment.reached"],
    ),
    "no progress kept": (keep_progress(), ["progress.last_active_at", "progress.percent"]),
    "another percentage": (keep_progress(percent=50), ["progress.percent"]),
    "last seen later": (keep_progress(last_active_at=LATER), ["progress.last_active_at"]),
    "progress of nothing": (
        lambda done: EnrolmentProgress.objects.create(enrolment=done.enrolment, percent=9, last_active_at=AT),
        ["progress.last_active_at", "progress.percent"],
    ),
    "more hours in the year": (of_year(credit_hours=4), ["learner_year.credit_hours"]),
    "a year too many": (
        lambda done: LearnerYear.objects.create(person=done.person, year=2024, unit=done.unit, agency=done.agency,
                                                credit_hours=3),
        ["learner_year.credit_hours"],
    ),
    "no year": (lambda _done: LearnerYear.objects.all().delete(), ["learner_year.credit_hours"]),
    "a year elsewhere": (of_year(unit=other_unit), ["learner_year.unit"]),
    "a year of no agency": (of_year(agency=None), ["learner_year.agency"]),
    "of somebody else": (
        lambda done: Completion.objects.update(person=PersonFactory()),
        ["completion.person", "learner_year.credit_hours", "learner_year.credit_hours"],
    ),
    "of another course": (
        lambda done: Completion.objects.update(course=make_edition().course_id),
        ["completion.course"],
    ),
    "annulled by nobody": (
        lambda done: Completion.objects.update(credit_annulled_at=AT),
        ["completion.annulled", "enrolment.counted_hours", "learner_year.credit_hours"],
    ),
    "annulled and counted": (
        lambda done: Certificate.objects.update(revoked_at=AT, annuls_credit=True),
        ["completion.annulled", "enrolment.certified_at", "enrolment.reached"],
    ),
    "revoked and certified": (
        lambda done: Certificate.objects.update(revoked_at=AT),
        ["enrolment.certified_at", "enrolment.reached"],
    ),
    "no certificate": (
        lambda done: make_completion(done.person, edition=make_edition(), completed_at=AT - timedelta(hours=1)),
        ["completion.certificate"],
    ),
    "two live ones": (second_live_one, ["certificate.live"]),
    "another course printed": (print_another(course="Lain"), ["certificate.course"]),
    "other hours printed": (print_another(credit_hours=30), ["certificate.credit_hours"]),
    "another day printed": (print_another(completed_on="2026-11-23"), ["certificate.completed_on"]),
    "another unit printed": (print_another(unit="Dinas Lain"), ["certificate.unit"]),
    "a gap": (
        lambda _done: (Certificate.objects.update(sequence=2), NumberSeries.objects.update(last=2)),
        ["series.count"],
    ),
    "another end": (lambda _done: NumberSeries.objects.update(last=2), ["series.last"]),
    "numbers without certificates": (
        lambda done: NumberSeries.objects.create(organiser=done.course.organiser, year=2025, last=3),
        ["series.last"],
    ),
}  # fmt: skip

# No row can repeat facts that contradict each other.
HOPELESS = {"of somebody else": ["learner_year.credit_hours"]}


def test_a_clean_academy_says_nothing(completion):
    run = check()
    assert (run.state(at=LATER), run.differences, run.named, run.found) == ("agrees", 0, [], {})
    assert run.checked == {"enrolments": 2, "completions": 1, "years": 1, "certificates": 1, "agencies": 0}


@pytest.mark.parametrize("damage", DAMAGES)
def test_what_is_damaged_is_named_and_mended_where_it_repeats_facts(completion, damage: str):
    hurt, expected = DAMAGES[damage]
    hurt(completion)
    assert kinds() == sorted(expected)
    check(mends=True)
    left = [kind for kind in expected if not Kind(kind).is_cache] + HOPELESS.get(damage, [])
    assert kinds() == sorted(left), "facts stay named"
    again = check(mends=True)
    assert (again.differences, again.mended, again.left) == (len(left), 0, len(left))


def test_figures_of_agencies_that_do_not_agree_are_named_and_counted_anew(completion):
    refreshing.refresh(at=AT)
    assert kinds() == []
    Enrolment.objects.filter(pk=completion.enrolment_id).update(completed_on="2026-10-01", counted_hours=2)
    refreshing.rebuild(at=AT)
    figures = AgencyYear.objects.filter(credit_hours=2)
    figures.update(completions=7)
    code = figures.get().agency.code
    of_agencies = [
        Difference(Kind.AGENCY_COURSES, f"{code} 2026 completions", None, None, "7", "1"),
        Difference(Kind.AGENCY_MONTHS, f"{code} 2026 completions", None, None, "7", "1"),
        Difference(Kind.AGENCY_FACTS, f"{code} 2026 earned_hours", None, None, "2", "3"),
        Difference(Kind.AGENCY_FACTS, f"{code} 2026 credit_hours", None, None, "2", "3"),
    ]
    run = check(mends=True)
    assert [row for row in run.named if row["kind"].startswith("agency.")] == [each.as_json() for each in of_agencies]
    assert (run.state(at=LATER), run.left) == ("mended", 0), (
        "the enrolment was put right, and the figures have followed"
    )
    assert kinds() == []


def test_figures_that_their_parts_contradict_are_told_though_they_are_counted_anew(completion):
    refreshing.refresh(at=AT)
    AgencyYear.objects.filter(completions=1).update(completions=7)
    run = check()
    assert (run.state(at=LATER), run.found) == ("differs", {"agency.courses": 1, "agency.months": 1})
    again = check(at=LATER + timedelta(days=1))
    assert again.state(at=LATER) == "agrees"


def test_every_kind_is_damaged_once():
    of_agencies = {Kind.AGENCY_COURSES, Kind.AGENCY_MONTHS, Kind.AGENCY_FACTS}
    assert {kind for _damage, found in DAMAGES.values() for kind in found} | of_agencies == set(Kind.values)


@pytest.mark.parametrize(
    ("at", "found"),
    [
        (datetime(2026, 11, 24, 14, 59, tzinfo=UTC), []),  # 23.59 in Jayapura
        (datetime(2026, 11, 24, 15, 0, tzinfo=UTC), []),  # the day begins there
        (datetime(2026, 11, 24, 17, 59, tzinfo=UTC), []),  # 0.59 in Jakarta: the clock asks every hour
        (datetime(2026, 11, 24, 18, 0, tzinfo=UTC), ["person.unit"]),
    ],
)
def test_a_placement_has_an_hour_from_the_last_midnight_on(at: datetime, found: list[str]):
    person = PersonFactory()
    Placement.objects.create(person=person, unit=None, from_on=date(2026, 11, 25))
    assert kinds(at=at) == found


def test_a_difference_names_the_row_both_values_and_nobody(completion):
    Enrolment.objects.filter(pk=completion.enrolment_id).update(counted_hours=0)
    LearnerYear.objects.update(credit_hours=4)
    enrolment, person = completion.enrolment, completion.person
    assert recounted() == [
        Difference(Kind.COUNTED_HOURS, str(enrolment.pk), person.pk, enrolment.run_id, "0", "3"),
        Difference(Kind.YEAR_HOURS, f"{person.pk}/2026", person.pk, None, "4", "3"),
    ]
    run = check()
    assert [row["key"] for row in run.named] == [str(enrolment.pk), f"{person.pk}/2026"]
    assert person.nip not in json.dumps(run.named)
    assert person.name not in json.dumps(run.named)


def test_of_a_retake_one_counts_and_of_a_renamed_unit_the_old_name_stays_true(completion):
    retake = make_completion(PersonFactory(), edition=completion.edition)
    Enrolment.objects.filter(pk=retake.enrolment_id).update(counted_hours=F("credit_hours") - 1)
    assert kinds() == ["enrolment.counted_hours"]
    check(mends=True)
    units.rename_unit(completion.unit, name="Dinas Kominfo dan Statistik", by=completion.person, at=AT)
    assert kinds() == []


def test_only_the_first_rows_of_a_kind_are_kept_and_all_are_counted_and_told(completion, monkeypatch):
    monkeypatch.setattr(reconciliation, "MOST_NAMED", 2)
    for _number in range(3):
        make_enrolment(edition=completion.edition)
    Enrolment.objects.update(agency=None)
    told: list[Difference] = []
    asked = reconciliation.ask(by=None, mends=False, at=LATER)
    run = reconciliation.carry_out(asked, clock=lambda: LATER, told=told.append)
    assert (run.found, run.differences, len(run.named), len(told)) == ({"enrolment.agency": 5}, 5, 2, 5)


def test_the_number_of_queries_does_not_grow_with_rows(completion):
    def queries(*, mends: bool) -> int:
        Enrolment.objects.update(agency=None)
        with CaptureQueriesContext(connection) as few:
            check(mends=mends)
        return len(few)

    few = queries(mends=False), queries(mends=True)
    for _number in range(20):
        make_completion(edition=completion.edition)
    assert (queries(mends=False), queries(mends=True)) == few


def test_of_two_at_once_one_works(completion):
    asked = reconciliation.ask(by=None, mends=False, at=AT)
    assert reconciliation.ask(by=completion.person, mends=False, at=LATER) == asked
    inner: list[object] = []

    def told(_difference: Difference) -> None:
        with pytest.raises(reconciliation.AlreadyRunning):
            reconciliation.carry_out(asked, clock=lambda: LATER)
        inner.append(reconciliation.work(clock=lambda: LATER))

    Enrolment.objects.update(agency=None)
    run = reconciliation.carry_out(asked, clock=lambda: LATER, told=told)
    assert inner == [None, None]
    assert run.differences == 2
    assert Reconciliation.objects.count() == 1


def test_what_a_dead_worker_left_is_taken_over_and_given_up_after_three_tries(completion):
    asked = reconciliation.ask(by=None, mends=False, at=AT)
    at = AT
    for _number in range(3):
        Reconciliation.objects.update(started_at=at, lease_until=at + reconciliation.LEASE, tries=F("tries") + 1)
        assert work_at(at) is None, "it may still be at it"
        at += reconciliation.LEASE
    run = work_at(at)
    assert run == asked
    assert (run.state(at=at), run.problem) == ("failed", reconciliation.DIED)


def test_the_night_asks_once_and_a_worker_that_was_busy_at_two_does_it_later(completion):
    two = datetime.fromisoformat("2026-11-25T02:00:00+08:00")
    moments = (
        AT,
        AT + timedelta(hours=1),
        two - timedelta(minutes=1),
        two + timedelta(hours=5),
        two + timedelta(hours=6),
    )
    runs = [work_at(at) for at in moments]
    assert [run is not None for run in runs] == [True, False, False, True, False]


def test_operators_are_told_once_of_the_same_differences(completion):
    operator = PersonFactory()
    Role.objects.create(person=operator, kind=Role.Kind.OPERATOR, unit=operator.unit, from_at=LONG_AGO)
    check()
    assert Message.objects.filter(key__startswith="numbers-differ").count() == 0
    Certificate.objects.update(sequence=2)
    NumberSeries.objects.update(last=2)
    first, _second = check(), check(at=LATER + timedelta(days=1))
    message = Message.objects.get(key__startswith="numbers-differ")
    assert message.person == operator
    assert f"/pengelola/angka/{first.pk}/" in message.body
    assert "1 angka" in message.body
    Certificate.objects.update(sequence=1)
    NumberSeries.objects.update(last=1)
    assert check(at=LATER + timedelta(days=2)).differences == 0
    Certificate.objects.update(sequence=2)
    NumberSeries.objects.update(last=2)
    check(at=LATER + timedelta(days=3))  # they are back
    assert Message.objects.filter(key__startswith="numbers-differ").count() == 2
    Completion.objects.update(course=make_edition().course_id)
    check(at=LATER + timedelta(days=4))
    assert Message.objects.filter(key__startswith="numbers-differ").count() == 3


def test_the_task_and_the_command(completion, capsys):
    tasks.check_numbers()
    assert Reconciliation.objects.get().differences == 0
    call_command("check_numbers")
    assert capsys.readouterr().out == "5 baris diperiksa, 0 perbedaan, 0 diperbaiki.\n"
    LearnerYear.objects.update(credit_hours=4)
    with pytest.raises(SystemExit) as ended:
        call_command("check_numbers", json=True)
    assert ended.value.code == 1
    line, summary = map(json.loads, capsys.readouterr().out.splitlines())
    assert (line["kind"], line["stored"], line["counted"]) == ("learner_year.credit_hours", "4", "3")
    assert summary["differences"] == 1
    call_command("check_numbers", mend=True)
    assert "1 perbedaan, 1 diperbaiki" in capsys.readouterr().out
    assert LearnerYear.objects.get().credit_hours == 3
    assert Person.objects.count() >= 2


def test_a_night_that_the_database_ended_is_tried_again_a_few_times(completion):
    """As a replica does with a statement that takes long."""
    night = datetime.fromisoformat("2026-11-25T03:00:00+08:00")
    for minute in range(reconciliation.MOST_TRIES):
        at = night + timedelta(minutes=minute)
        assert reconciliation.is_due(at=at)
        Reconciliation.objects.create(asked_at=at, started_at=at, finished_at=at, problem="OperationalError")
    assert not reconciliation.is_due(at=night + timedelta(hours=1))
    Reconciliation.objects.all().delete()
    Reconciliation.objects.create(asked_at=night, finished_at=night, tries=3, problem=reconciliation.DIED)
    assert not reconciliation.is_due(at=night + timedelta(hours=1))
