"""Figures counted beforehand say what counting now says, whatever happened, and follow it round by round."""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from threading import Thread
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.db import connection, transaction
from django.db.models import F
from django.test.utils import CaptureQueriesContext

from academy.people import units
from academy.people.models import Agency, AgencyGroup, Person, Role, WorkUnit
from academy.people.placements import place
from academy.reports.filters import Attribution, Filters
from academy.reports.models import AgencyCourseMonth, AgencyCourseYear, AgencyYear
from academy.reports.months import Month
from academy.reports.rollup import checking, refreshing, source
from academy.reports.rollup.checking import Disagreement
from academy.reports.rollup.source import Beforehand, Live, source_of
from academy.reports.scope import Scope, scope_of
from academy.reports.tasks import count_agencies
from certificates.models import Certificate
from courses import credit_hours
from courses.certification import no_longer_certified
from courses.models import Completion, Course, Enrolment, LearnerYear, Run
from tests.factories import (
    LONG_AGO,
    AgencyFactory,
    CourseFactory,
    PersonFactory,
    make_completion,
    make_edition,
    make_enrolment,
)
from tests.reports.test_recount import TODAY, make_history
from tests.reports.world import AT, complete, make_certificate

pytestmark = pytest.mark.django_db
ROUND = timedelta(minutes=2)
MAKASSAR = ZoneInfo("Asia/Makassar")


@pytest.fixture(autouse=True)
def _few_are_many(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(source, "MANY_PEOPLE", 1)


def nation() -> Scope:
    """All agencies there are, as their group's officer sees them."""
    group = AgencyGroup.objects.create(name="Nasional")
    group.agencies.set(Agency.objects.all())
    officer = PersonFactory(unit=None)
    Role.objects.create(person=officer, kind=Role.Kind.HR, group=group, from_at=LONG_AGO)
    scope = scope_of(officer, at=AT)
    assert scope
    return scope


def by_root(found: dict[str, Any]) -> dict[str, Any]:
    """Sums of what stands below each root, without those of nothing."""
    sums: dict[str, Any] = {}
    for path, figures in found.items():
        root = path[: WorkUnit.steplen]
        sums[root] = sums[root] + figures if root in sums else figures
    return {root: figures for root, figures in sums.items() if figures != type(figures)()}


def something(found: dict[Any, Any]) -> dict[Any, Any]:
    return {key: figures for key, figures in found.items() if figures != type(figures)()}


def check(scope: Scope) -> None:
    """Both sources agree for every year and course, and the months with a recount in plain Python."""
    for year in (2025, 2026):
        for course in (None, *Course.objects.all()):
            filters = Filters(year, course=course)
            before = source_of(scope, filters, today=TODAY)
            live = Live(filters.units(scope), filters, TODAY)
            assert isinstance(before, Beforehand)
            assert by_root(before.counts_by_unit()) == by_root(live.counts_by_unit())
            assert by_root(before.earned_by_unit()) == by_root(live.earned_by_unit())
            assert by_root(before.completions_by_unit()) == by_root(live.completions_by_unit())
            assert something(before.counts_by_course()) == live.counts_by_course()
            assert something(before.earned_by_course()) == live.earned_by_course()
            assert pairs(before.counts_by_unit_and_course()[1]) == pairs(live.counts_by_unit_and_course()[1])
            assert pairs(before.earned_by_unit_and_course()) == pairs(live.earned_by_unit_and_course())
            for attribution in Attribution:
                chosen = filters.with_(attribution=attribution)
                expected = months_by_hand(year, course, earned=chosen.by_earned_unit)
                assert something(source_of(scope, chosen, today=TODAY).months()) == expected
                assert something(Live(chosen.units(scope), chosen, TODAY).months()) == expected


def pairs(found: list[tuple[str, int, Any]]) -> dict[tuple[str, int], Any]:
    sums: dict[tuple[str, int], Any] = {}
    for path, course, figures in found:
        key = path[: WorkUnit.steplen], course
        sums[key] = sums[key] + figures if key in sums else figures
    return something(sums)


def months_by_hand(year: int, course: Course | None, *, earned: bool) -> dict[int, Month]:
    months: defaultdict[int, Month] = defaultdict(Month)
    for enrolment in Enrolment.objects.select_related("person", "completion"):
        person, done = enrolment.person, getattr(enrolment, "completion", None)
        counts = done is not None and done.unit_id is not None if earned else person.is_active and person.unit_id
        if not counts or enrolment.withdrawn_at or (course and enrolment.course_id != course.pk):
            continue
        begun_on = enrolment.enrolled_at.astimezone(MAKASSAR)
        if not earned and begun_on.year == year:
            months[begun_on.month] += Month(enrolled=1)
        if done and done.completed_on.year == year:
            is_certified = int(enrolment.certified_at is not None)
            months[done.completed_on.month] += Month(0, 1, is_certified, enrolment.counted_hours or 0)
    return dict(months)


def go_on(dice: random.Random) -> None:
    """More happens: transfers, finishing, retakes, revocations, reissues, leaving, and units that merge."""
    people, places = list(Person.objects.all()), list(WorkUnit.objects.filter(closed_on=None))
    for person in dice.sample(people, 12):
        place(person, unit=dice.choice([None, *places]), from_on=TODAY, today=TODAY)
    for person in dice.sample(people, 5):
        Person.objects.filter(pk=person.pk).update(is_active=not person.is_active)
    for enrolment in dice.sample(list(Enrolment.objects.running()), 8):
        if dice.random() < 0.5:
            make_certificate(complete(enrolment, at=dice.choice([AT, AT - timedelta(days=330)])))
        else:
            Enrolment.objects.filter(pk=enrolment.pk).update(withdrawn_at=AT)
    done = list(Completion.objects.values_list("pk", flat=True))
    revoked = dice.sample(done, 5)
    Certificate.objects.filter(completion__in=revoked).update(revoked_at=AT)
    no_longer_certified(revoked)
    credit_hours.annul(dice.sample(done, 4), at=AT)
    bare = [key for key in done if not Certificate.objects.live().filter(completion=key).exists()]
    for key in dice.sample(bare, min(3, len(bare))):
        make_certificate(Completion.objects.get(pk=key), revision=9)
    leaf = dice.choice([unit for unit in places if unit.name in {"A1", "B"}])
    other = WorkUnit.objects.filter(agency=leaf.agency, depth=1).get()
    units.merge_unit(leaf, into=other, by=PersonFactory(), at=AT)


@pytest.mark.parametrize("seed", range(3))
def test_the_figures_equal_a_recount_whatever_happened(seed: int):
    dice = random.Random(seed)
    make_history(dice)
    scope = nation()
    refreshing.refresh(at=AT)
    check(scope)
    go_on(dice)
    refreshing.rebuild(at=AT + ROUND)
    check(scope)


@pytest.mark.parametrize("seed", range(3, 5))
def test_what_is_only_behind_is_no_mistake(seed: int):
    dice = random.Random(seed)
    make_history(dice)
    refreshing.refresh(at=AT)
    go_on(dice)
    assert checking.recount_unlike_facts(at=AT + ROUND) == []
    assert checking.recount_unlike_parts(at=AT + ROUND) == []


@pytest.fixture
def year_of_one() -> AgencyYear:
    """Somebody finished one course of three hours and holds the certificate."""
    make_certificate(make_completion(PersonFactory(unit=units.ensure_root(AgencyFactory()))))
    refreshing.refresh(at=AT)
    AgencyYear.objects.exclude(target=1).delete()
    return AgencyYear.objects.get(year=2026)


@pytest.mark.parametrize("column", checking.OF_PARTS)
def test_an_agency_to_which_its_parts_do_not_add_up_is_named_and_counted_anew(year_of_one: AgencyYear, column: str):
    right = getattr(year_of_one, column)
    assert right in (1, 3)

    def found() -> list[Disagreement]:
        return checking.recount_unlike_parts(at=AT)

    def named(by: str, stored: int, counted: int) -> Disagreement:
        return Disagreement(by, year_of_one.agency.code, 2026, column, stored, counted)

    AgencyYear.objects.update(**{column: 7})
    assert found() == [named("courses", 7, right), named("months", 7, right)]
    assert found() == []
    AgencyCourseMonth.objects.update(**{checking.IN_MONTHS.get(column, column): 7})
    assert found() == [named("months", right, 7)]
    AgencyCourseYear.objects.update(**{column: 7})
    assert found() == [named("courses", right, 7)]
    assert found() == []


FORGOTTEN: dict[str, dict[str, Any]] = {
    "completions": {"completed_on": None},
    "completions_certified": {"certified_at": None},
    "credit_hours": {"counted_hours": 7},
    "earned_completions": {"earned_unit": None},
    "earned_certified": {"certified_at": None},
    "earned_hours": {"counted_hours": 7},
}


@pytest.mark.parametrize("column", checking.OF_PARTS)
def test_an_agency_that_says_something_else_than_the_facts_is_named_when_counting_does_not_help(
    year_of_one: AgencyYear, column: str
):
    right = getattr(year_of_one, column)
    assert right in (1, 3)
    AgencyYear.objects.update(**{column: 7})
    assert checking.recount_unlike_facts(at=AT) == []
    year_of_one.refresh_from_db()
    assert getattr(year_of_one, column) == right, "counting anew helped"
    Enrolment.objects.update(**FORGOTTEN[column])
    refreshing.recount(year_of_one.pk, at=AT)
    found = {wrong.column: (wrong.by, wrong.stored, wrong.counted) for wrong in checking.recount_unlike_facts(at=AT)}
    assert found[column] == ("facts", FORGOTTEN[column].get("counted_hours", 0), right)


@pytest.mark.parametrize(("meddled", "named"), [(1, ["credit_hours"]), (100, [])])
def test_what_grows_between_counting_and_looking_is_not_named(year_of_one: AgencyYear, meddled: int, named: list[str]):
    """Hours grow just before they are looked at: once, and are wrong from then on, or every time."""
    looks = iter(range(100))

    def meddle(execute: Callable[..., Any], sql: str, *call: Any) -> Any:
        if sql.startswith("SELECT") and 'SUM("courses_learneryear"' in sql and next(looks) < meddled:
            LearnerYear.objects.update(credit_hours=F("credit_hours") + 1)
        return execute(sql, *call)

    with connection.execute_wrapper(meddle):
        found = checking.recount_unlike_facts(at=AT)
    assert [wrong.column for wrong in found] == named
    assert next(looks) == checking.TIMES + 1


@pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite has one writer")
@pytest.mark.django_db(transaction=True)
def test_parts_are_compared_while_nobody_counts(year_of_one: AgencyYear):
    """Another counts the agency at this moment, and is waited for."""
    found: list[checking.Disagreement] = []

    def check_of_another() -> None:
        found.extend(checking.recount_unlike_parts(at=AT))
        connection.close()

    AgencyYear.objects.update(completions=7)
    with transaction.atomic():
        refreshing.recount(year_of_one.pk, at=AT)
        other = Thread(target=check_of_another)
        other.start()
        other.join(2)
        assert other.is_alive()
    other.join(30)
    assert found == []


def test_a_round_reaches_the_present_year_and_the_night_the_past_ones():
    root = units.ensure_root(AgencyFactory())
    edition = make_edition(lessons=1, questions=0)
    done = make_completion(
        PersonFactory(unit=root), edition=edition, completed_on=datetime(2025, 5, 2, tzinfo=UTC).date()
    )
    Enrolment.objects.update(enrolled_at=datetime(2025, 5, 1, tzinfo=UTC))
    Run.objects.update(year=2025)
    refreshing.refresh(at=AT)
    credit_hours.annul([done.pk], at=AT)
    make_enrolment(PersonFactory(unit=root), edition=edition)
    refreshing.refresh(at=AT + ROUND)
    assert AgencyYear.objects.get(agency=root.agency, year=2026).enrolled == 1
    assert AgencyYear.objects.get(agency=root.agency, year=2025).credit_hours == done.credit_hours
    refreshing.refresh(at=AT + timedelta(hours=20))
    assert AgencyYear.objects.get(agency=root.agency, year=2025).credit_hours == 0


def rows() -> list[Any]:
    return [list(model.objects.order_by("pk").values()) for model in (AgencyCourseYear, AgencyCourseMonth)]


def test_only_rows_that_say_something_else_are_written():
    dice = random.Random(7)
    make_history(dice)
    refreshing.refresh(at=AT)
    before = rows()
    with CaptureQueriesContext(
        connection,
    ) as captured:
        refreshing.rebuild(at=AT)
    assert rows() == before
    written = [query["sql"] for query in captured if not query["sql"].startswith(("SELECT", "SAVEPOINT", "RELEASE"))]
    assert [sql for sql in written if "agencycourse" in sql] == []
    edition = make_edition(lessons=1, questions=0)
    make_completion(PersonFactory(unit=WorkUnit.objects.filter(depth=1).first()), edition=edition)
    refreshing.rebuild(at=AT)
    years, months = rows()
    assert [row for row in years if row not in before[0]] == [
        row for row in years if row["course_id"] == edition.course_id
    ]
    assert [row for row in months if row not in before[1]] == [
        row for row in months if row["course_id"] == edition.course_id
    ]
    assert (len(years) - len(before[0]), len(months) - len(before[1])) == (1, 1)


def test_what_is_no_longer_true_goes():
    enrolment = make_enrolment(PersonFactory(unit=units.ensure_root(AgencyFactory())))
    refreshing.refresh(at=AT)
    assert (AgencyCourseYear.objects.count(), AgencyCourseMonth.objects.count()) == (1, 1)
    Enrolment.objects.filter(pk=enrolment.pk).update(withdrawn_at=AT)
    refreshing.refresh(at=AT + ROUND)
    assert (AgencyCourseYear.objects.count(), AgencyCourseMonth.objects.count()) == (0, 0)


def test_a_round_ends_in_time_and_the_next_begins_with_the_rest():
    first, second = (units.ensure_root(AgencyFactory()).agency for _number in range(2))
    ticks = iter([0.0, 1.0, 11.0])
    assert refreshing.refresh(at=AT, clock=lambda: next(ticks)) == 1
    rest = AgencyYear.objects.get(agency__in=[first, second], counted_at=None)
    ticks = iter([0.0, 1.0, 11.0])
    assert refreshing.refresh(at=AT + ROUND, clock=lambda: next(ticks)) == 1
    rest.refresh_from_db()
    assert rest.counted_at == AT + ROUND


def test_a_task_that_comes_twice_does_no_harm():
    make_completion(PersonFactory(unit=units.ensure_root(AgencyFactory())))
    count_agencies()
    before = rows()
    count_agencies()
    assert rows() == before


@pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite has one writer")
@pytest.mark.django_db(transaction=True)
def test_two_rounds_at_once_take_different_agencies():
    for _number in range(2):
        units.ensure_root(AgencyFactory())
    refreshing.refresh(at=AT - timedelta(days=2))
    first = AgencyYear.objects.order_by("pk").first()
    assert first
    found: list[int] = []

    def round_of_another() -> None:
        found.append(refreshing.refresh(at=AT))
        connection.close()

    with transaction.atomic():
        AgencyYear.objects.select_for_update().get(pk=first.pk)
        other = Thread(target=round_of_another)
        other.start()
        other.join(30)
    assert found == [AgencyYear.objects.count() - 1]
    first.refresh_from_db()
    assert first.counted_at != AT


def test_few_people_parts_of_agencies_and_agencies_never_counted_are_counted_now(monkeypatch: pytest.MonkeyPatch):
    roots = [units.ensure_root(AgencyFactory()) for _number in range(2)]
    for root in roots:
        PersonFactory(unit=root)
    scope = nation()
    assert isinstance(source_of(scope, Filters(2026), today=TODAY), Live)
    refreshing.refresh(at=AT)
    assert isinstance(source_of(scope, Filters(2026), today=TODAY), Beforehand)
    assert isinstance(source_of(scope, Filters(2026, unit=scope.roots[0]), today=TODAY), Live)
    monkeypatch.setattr(source, "MANY_PEOPLE", 3)
    assert isinstance(source_of(scope, Filters(2026), today=TODAY), Live)
    monkeypatch.setattr(source, "MANY_PEOPLE", 2)
    assert isinstance(source_of(scope, Filters(2026), today=TODAY), Beforehand)


def test_an_enrolment_is_of_the_month_where_the_agency_is():
    """31 January 2026, 16.30 UTC: 23.30 in Jakarta, 0.30 of the next day in Makassar, 1.30 in Jayapura."""
    edition = make_edition(CourseFactory(), lessons=1, questions=0)
    for zone in ("Asia/Jakarta", "Asia/Makassar", "Asia/Jayapura"):
        root = units.ensure_root(AgencyFactory(time_zone=zone))
        make_enrolment(PersonFactory(unit=root), edition=edition, enrolled_at=datetime(2026, 1, 31, 16, 30, tzinfo=UTC))
        make_enrolment(
            PersonFactory(unit=root), edition=edition, enrolled_at=datetime(2025, 12, 31, 16, 30, tzinfo=UTC)
        )
    scope = nation()
    refreshing.refresh(at=AT)
    for filters, expected in (
        (Filters(2026), {1: Month(enrolled=3), 2: Month(enrolled=2)}),
        (Filters(2025), {12: Month(enrolled=1)}),
    ):
        assert something(source_of(scope, filters, today=TODAY).months()) == expected
        assert Live(filters.units(scope), filters, TODAY).months() == expected
