"""Promise P6: whatever happened, totals are the sum of lines, and equal a recount in plain Python."""

from __future__ import annotations

import random
from collections import defaultdict
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from academy.people import units
from academy.people.models import Person, WorkUnit
from academy.people.placements import place
from academy.reports import completion, people
from academy.reports.filters import Filters, State
from academy.reports.registry import OF_COMPLETION
from academy.reports.scope import Scope, scope_of
from certificates.models import Certificate
from courses.credit_hours import credit_hours
from courses.models import Course, Enrolment
from tests.factories import (
    AgencyFactory,
    CourseFactory,
    PersonFactory,
    RunFactory,
    make_edition,
    make_enrolment,
    make_hr,
)
from tests.reports.world import AT, complete, make_certificate

TODAY = date(2026, 11, 24)
pytestmark = pytest.mark.django_db

# On both sides of the end of a year, also by the hours that lie between UTC and Asia/Makassar.
ENROLLED = [
    datetime(2025, 3, 1, tzinfo=UTC),
    datetime(2025, 12, 20, tzinfo=UTC),
    datetime(2025, 12, 31, 16, tzinfo=UTC),
]
FINISHED = [datetime(2025, 12, 31, 15, 30, tzinfo=UTC), datetime(2026, 1, 10, tzinfo=UTC), AT]

FATES: dict[str, dict[str, Any]] = {
    "owed": {"published_at": None},
    "revoked": {"revoked_at": AT},
    "annulled": {"revoked_at": AT, "annuls_credit": True},
    "replaced": {"superseded_at": AT},
}


def make_history(rng: random.Random) -> Person:
    """People who enrol, withdraw, finish, retake, move, leave and lose certificates. Returns the HR officer."""
    roots = [units.ensure_root(AgencyFactory()) for _number in range(2)]
    places = [unit for root in roots for unit in (root, units.ensure_unit(root, "A"), units.ensure_unit(root, "B"))]
    places += [units.ensure_unit(place, "A1") for place in places if place.name == "A"]
    editions = [make_edition(CourseFactory(credit_hours=number), lessons=1, questions=0) for number in (1, 2, 5)]
    runs: dict[int, list[Any]] = defaultdict(list)
    for edition in editions:
        for number, year in ((None, 2026), (2, 2026), (None, 2025)):
            runs[edition.pk].append(RunFactory(course=edition.course, year=year, number=number))
    for _number in range(40):
        person = PersonFactory(unit=rng.choice(places), is_active=rng.random() > 0.1)
        for edition in editions:
            for run in rng.sample(runs[edition.pk], rng.choice([0, 1, 1, 2, 3])):
                _take_part(rng, person, edition, run)
        if rng.random() < 0.3:
            place(person, unit=rng.choice([None, *places]), from_on=TODAY, today=TODAY)
    return make_hr(roots[0])


def _take_part(rng: random.Random, person: Person, edition: Any, run: Any) -> None:
    if rng.random() < 0.4:
        enrolled_at, at = rng.choice([*ENROLLED[:2], AT - timedelta(days=9)]), rng.choice(FINISHED)
        older = int(rng.random() < 0.2)  # finished in an edition of other hours
        enrolment = make_enrolment(person, edition=edition, run=run, enrolled_at=min(enrolled_at, at))
        completion = complete(enrolment, at=at, credit_hours=edition.credit_hours + older)
        fate = rng.choice(["live", "live", "none", "owed", "revoked", "annulled", "replaced"])
        if fate == "none":
            return
        make_certificate(completion, **FATES.get(fate, {}))
        if fate == "replaced":
            make_certificate(completion, revision=2)
    else:
        started = rng.choice([None, AT])
        withdrawn = rng.choice([None, None, AT])
        make_enrolment(
            person,
            edition=edition,
            run=run,
            enrolled_at=rng.choice([*ENROLLED, AT]),
            started_at=started,
            withdrawn_at=withdrawn,
            due_on=rng.choice([None, TODAY - timedelta(days=1), TODAY]),
        )


def counts_in(enrolment: Enrolment, year: int) -> bool:
    """The rule of docs/rules.md, "The year of a report", in plain Python."""
    if enrolment.withdrawn_at:
        return False
    if enrolment.completed_at:
        return enrolment.completion.completed_on.year == year
    return enrolment.enrolled_at.astimezone(ZoneInfo("Asia/Makassar")).year <= year


def recount(scope: Scope, filters: Filters) -> dict[tuple[int, int], tuple[int, int, bool]]:
    """For every pair of person and course in scope: how far (0 to 3), which credit hours, whether overdue."""
    unit_ids = set(filters.units(scope).values_list("pk", flat=True))
    pairs: dict[tuple[int, int], tuple[int, int, bool]] = {}
    for enrolment in Enrolment.objects.select_related("person", "run", "completion"):
        person, run = enrolment.person, enrolment.run
        if not counts_in(enrolment, filters.year) or not person.is_active or person.unit_id not in unit_ids:
            continue
        if filters.course and run.course_id != filters.course.pk:
            continue
        completion = getattr(enrolment, "completion", None)
        certificates = list(Certificate.objects.filter(completion=completion)) if completion else []
        live = [c for c in certificates if c.published_at and not c.revoked_at and not c.superseded_at]
        annulled = any(c.revoked_at and c.annuls_credit for c in certificates)
        far = (3 if live else 2) if completion else (1 if enrolment.started_at else 0)
        hours = completion.credit_hours if completion and not annulled else 0
        late = completion is None and enrolment.due_on is not None and enrolment.due_on < TODAY
        most_far, most_hours, any_late = pairs.get((person.pk, run.course_id), (0, 0, False))
        pairs[person.pk, run.course_id] = (max(far, most_far), max(hours, most_hours), late or any_late)
    return pairs


def counts(target: int, ranks: list[int], late: int) -> dict[str, int]:
    return {
        "target": target,
        "enrolled": len(ranks),
        "not_started": ranks.count(0),
        "running": ranks.count(1),
        "finished": ranks.count(2) + ranks.count(3),
        "certified": ranks.count(3),
        "overdue": late,
    }


@pytest.mark.parametrize("seed", range(6))
def test_totals_lines_and_lists_equal_a_recount(seed: int):
    rng = random.Random(seed)
    officer = make_history(rng)
    scope = scope_of(officer, at=AT)
    assert scope
    courses = list(Course.objects.order_by("code"))
    some_unit = scope.find(rng.choice(scope.units.values_list("pk", flat=True)))
    for filters in (
        Filters(2026),
        Filters(2025),
        Filters(2026, course=rng.choice(courses)),
        Filters(2026, unit=some_unit),
        Filters(2026, unit=some_unit, direct=True, course=rng.choice(courses)),
    ):
        pairs = recount(scope, filters)
        target = Person.objects.filter(is_active=True, unit__in=filters.units(scope)).count()
        furthest: dict[int, int] = {}
        for (person, _course), (far, _hours, _late) in pairs.items():
            furthest[person] = max(far, furthest.get(person, 0))
        chosen = 1 if filters.course else len(courses)
        check_tables(
            scope,
            filters,
            courses,
            counts(target, list(furthest.values()), len({person for (person, _), (*_, late) in pairs.items() if late})),
            counts(target * chosen, [far for far, *_ in pairs.values()], sum(late for *_, late in pairs.values())),
        )
        check_hours(scope, filters, courses, sum(hours for _far, hours, _late in pairs.values()))
        if not filters.course:
            for person in Person.objects.filter(pk__in=furthest):
                own = sum(hours for (somebody, _course), (_far, hours, _late) in pairs.items() if somebody == person.pk)
                assert credit_hours(person, year=filters.year) == own


def check_tables(
    scope: Scope, filters: Filters, courses: list[Course], by_person: dict[str, int], by_pair: dict[str, int]
) -> None:
    unit_table = completion.by_unit(scope, filters, scope.place(filters.unit, below=True).below, today=TODAY)
    course_table = completion.by_course(scope, filters, courses, target=by_person["target"], today=TODAY)
    assert (unit_table.lines.sums(), course_table.lines.sums()) == (by_person, by_pair)
    for state in OF_COMPLETION:
        key = {value: key for key, value in completion.STATE_OF_COLUMN.items()}.get(state)
        for table, expected in (
            (people.people(scope, filters.with_(state=state), today=TODAY), by_person),
            (people.participants(scope, filters.with_(state=state), courses, today=TODAY), by_pair),
        ):
            lines = list(iter(table.lines))
            assert len(lines) == (expected[key] if key else expected["target"] - expected["enrolled"]), (state, filters)
            assert len(lines) == len(table.lines)


def check_hours(scope: Scope, filters: Filters, courses: list[Course], hours: int) -> None:
    for table in (
        people.people(scope, filters.with_(state=State.TARGET), today=TODAY),
        people.participants(scope, filters.with_(state=State.ENROLLED), courses, today=TODAY),
        people.participants(scope, filters.with_(state=State.TARGET), courses, today=TODAY),
    ):
        position = [column.key for column in table.columns].index("credit_hours")
        lines = sum(line.values[position] or 0 for line in iter(table.lines))  # type: ignore[misc]
        assert lines == table.lines.sums()["credit_hours"] == hours, (table.name, filters)


def test_the_recount_itself_knows_a_history_by_heart():
    """Guards the guard: one person, two runs, the second one certified."""
    edition = make_edition(CourseFactory(credit_hours=5), lessons=1, questions=0)
    first, second = (RunFactory(course=edition.course, number=number) for number in (None, 2))
    officer = make_hr(WorkUnit.objects.get(depth=1, agency=PersonFactory().unit.agency))
    make_enrolment(officer, edition=edition, run=first)
    make_certificate(complete(make_enrolment(officer, edition=edition, run=second)))
    scope = scope_of(officer, at=AT)
    assert scope
    assert recount(scope, Filters(2026)) == {(officer.pk, edition.course_id): (3, 5, False)}
