"""The definitions behind every number of the completion report; counts and lists use these and nothing else.

Target      an official on the roster of a unit in scope, today.
Enrolled    an official of the target with a current (not withdrawn) enrolment that counts in the year.
Finished    an enrolment with a completion; running: begun, not finished; not started: neither.
Certified   finished, and a live published certificate stands behind the completion.
Overdue     an enrolment with an assigned day that is over, not finished.

A finished enrolment counts in the year of `Completion.completed_on` alone, whatever its run; one that is not finished
counts in every year from that in which it began up to the present. See docs/rules.md, "The year of a report".

A person who is in several runs of a course in one year is one pair of person and course, in the furthest state. A
person who is in several courses counts once per person, in the furthest state of them.

By the unit when earned there is neither target nor enrolment: what counts is each completion of the year, reckoned to
the unit in which it was earned, wherever the person works now. See docs/rules.md, "Unit today and unit when earned".
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db import connections
from django.db.models import (
    BooleanField,
    Case,
    CharField,
    Count,
    DateField,
    Exists,
    F,
    FilteredRelation,
    Func,
    IntegerField,
    Max,
    Min,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
    Sum,
    Value,
    When,
)
from django.db.models.fields.json import KeyTextTransform
from django.db.models.functions import Cast, Coalesce, Concat, ExtractYear
from django.utils.translation import pgettext_lazy

from academy.people.models import Person, WorkUnit
from academy.reports.filters import State
from courses.models import Course, Enrolment, LearnerYear, Run

Reached = Enrolment.Reached
FINISHED = Q(reached__gte=Reached.FINISHED)
BEGUN = Q(reached__gte=Reached.BEGUN)
CERTIFIED = Q(reached=Reached.CERTIFIED)

# The one year of an enrolment where all years are shown together: finished in, or not finished and begun in.
YEAR = Coalesce(ExtractYear("completed_on"), ExtractYear("enrolled_at"))

# What a line says about a pair; being certified shows in the number of the certificate.
STATE_WORDS = {
    State.NOT_ENROLLED.value: pgettext_lazy("report", "Not enrolled"),
    State.NOT_STARTED.value: pgettext_lazy("report", "Not started"),
    State.RUNNING.value: pgettext_lazy("report", "Running"),
    State.FINISHED.value: pgettext_lazy("report", "Finished"),
}


@dataclass(frozen=True)
class Counts:
    """People of a unit, or pairs of person and course; enrolled = not started + running + finished."""

    target: int = 0
    enrolled: int = 0
    begun: int = 0
    finished: int = 0
    certified: int = 0
    overdue: int = 0

    def __add__(self, other: Counts) -> Counts:
        return Counts(
            self.target + other.target,
            self.enrolled + other.enrolled,
            self.begun + other.begun,
            self.finished + other.finished,
            self.certified + other.certified,
            self.overdue + other.overdue,
        )

    @property
    def not_started(self) -> int:
        return self.enrolled - self.begun

    @property
    def running(self) -> int:
        return self.begun - self.finished


@dataclass(frozen=True)
class Earned:
    """Completions of a year, those with a live certificate, and the credit hours that count."""

    completions: int = 0
    certified: int = 0
    credit_hours: int = 0

    def __add__(self, other: Earned) -> Earned:
        return Earned(
            self.completions + other.completions,
            self.certified + other.certified,
            self.credit_hours + other.credit_hours,
        )


class _Among(Func):
    """PostgreSQL finds the keys first and walks through the index with them; of IN (SELECT …) it thinks too little of them."""

    template, arg_joiner = "%(expressions)s)", " = ANY(ARRAY"
    output_field = BooleanField()


Units = QuerySet[WorkUnit] | Sequence[int]  # or their keys


def among(units: Units, field: str = "unit") -> Q:
    """`field` is one of these units."""
    if isinstance(units, QuerySet) and connections[units.db].vendor == "postgresql":
        return Q(_Among(F(field), Subquery(units.order_by().values("pk"))))
    return Q(**{f"{field}__in": units})


def roster(units: Units) -> QuerySet[Person]:
    """The target: officials on the roster of these units."""
    people: QuerySet[Person] = Person.objects.on_roster().filter(among(units))
    return people


def inactive(units: QuerySet[WorkUnit]) -> QuerySet[Person]:
    """Those who work in these units and whose account is switched off: no target, but HR must find them."""
    people: QuerySet[Person] = Person.objects.filter(among(units), is_active=False)
    return people


def enrolments(*, year: int | None, course: Course | None) -> QuerySet[Enrolment]:
    """Current enrolments that count in a year up to the present (None: of all years) in a course (None: in all)."""
    enrolments = Enrolment.objects.current()
    if year is not None:
        unfinished = Q(completed_on__isnull=True, enrolled_at__year__lte=year)
        enrolments = enrolments.filter(Q(completed_on__year=year) | unfinished)
    return enrolments.filter(course=course) if course else enrolments


def years(*, this_year: int) -> list[int]:
    """The years to report on, newest first: from that of the first run up to the present."""
    first = Run.objects.aggregate(year=Min("year"))["year"]
    return list(range(this_year, min(first or this_year, this_year) - 1, -1))


def of_roster(enrolments: QuerySet[Enrolment], units: QuerySet[WorkUnit]) -> QuerySet[Enrolment]:
    """Those of people on the roster of these units, by the mirror of the unit on the enrolment."""
    return enrolments.filter(among(units)).exclude(person_id__in=inactive(units).values("pk"))


def furthest(chosen: QuerySet[Enrolment], *, year: int | None) -> QuerySet[Any]:
    """One enrolment for every pair of person and course in the year: the furthest, of equals the newest.

    `chosen` are enrolments of that year, of people with a unit. None: one for every pair and each YEAR.
    """
    further = enrolments(year=year, course=None).filter(
        Q(reached__gt=OuterRef("reached")) | Q(reached=OuterRef("reached"), pk__gt=OuterRef("pk")),
        person=OuterRef("person"),
        course=OuterRef("course"),
    )
    if year is None:
        chosen, further = chosen.alias(year=YEAR), further.alias(year=YEAR).filter(year=OuterRef("year"))
    else:
        further = further.filter(unit=OuterRef("unit"))  # all of a person stand under one, and an index begins with it
    return chosen.filter(~Exists(further))


def earned(units: QuerySet[WorkUnit], *, year: int, course: Course | None) -> QuerySet[Enrolment]:
    """The completions of a year that were earned in these units, whoever works there now."""
    found: QuerySet[Enrolment] = Enrolment.objects.filter(
        among(units, "earned_unit"), completed_on__isnull=False, completed_on__year=year
    )
    return found.filter(course=course) if course else found


def overdue(*, today: date) -> Q:
    """Enrolments that should have been finished before this day."""
    return Q(due_on__lt=today, reached__lt=Reached.FINISHED)


def counts_by_unit(units: QuerySet[WorkUnit], *, year: int, course: Course | None, today: date) -> dict[str, Counts]:
    """People per path of a unit, each without those below it; two queries.

    Who comes to a unit of nobody between the two is in neither: whoever is enrolled is of the target.
    """
    paths, counts = targets(units)
    found = counted(of_roster(enrolments(year=year, course=course), units), "unit_id", today=today)
    for (unit,), people in found:
        if unit in paths:
            counts[paths[unit]] += people
    return counts


def targets(units: QuerySet[WorkUnit]) -> tuple[dict[int, str], dict[str, Counts]]:
    """The path of each unit with somebody on its roster, and the number of them per path."""
    found = list(of_each_unit(roster(units), target=Count("pk")))
    return {unit: path for unit, path, _target in found}, {path: Counts(target) for _unit, path, target in found}


def of_each_unit(people: QuerySet[Person], **counts: Any) -> QuerySet[Any, tuple[Any, ...]]:
    """Key and path of each unit with some of these people, and the counts: a join would look for the path of everybody."""
    path = Subquery(WorkUnit.objects.order_by().filter(pk=OuterRef("unit")).values("path"))
    grouped = people.order_by().values("unit").annotate(**counts).annotate(path=path)
    return grouped.values_list("unit", "path", *counts)


def counts_by_course(units: QuerySet[WorkUnit], *, year: int, course: Course | None, today: date) -> dict[int, Counts]:
    """Pairs of person and course per course; without the target, which is the same for every course."""
    found = counted(of_roster(enrolments(year=year, course=course), units), "course_id", today=today)
    return {key: pairs for (key,), pairs in found}


def counts_by_unit_and_course(
    units: QuerySet[WorkUnit], *, year: int, course: Course | None, today: date
) -> list[tuple[int, int, Counts]]:
    """Pairs of person and course per unit and course, each without the units below; without the target."""
    found = counted(of_roster(enrolments(year=year, course=course), units), "unit_id", "course_id", today=today)
    return [(unit, key, pairs) for (unit, key), pairs in found]


def earned_by(
    units: QuerySet[WorkUnit], *by: str, year: int, course: Course | None
) -> list[tuple[tuple[Any, ...], Earned]]:
    """What was earned in these units, per value of the columns `by`."""
    grouped = earned(units, year=year, course=course).order_by().values_list(*by).annotate(**TOTALS_OF_COMPLETIONS)
    return [(row[: len(by)], Earned(*row[len(by) :])) for row in grouped]


# Of Counts all but the target, of people with their furthest state.
COUNTED = (
    "COUNT(*)",
    *(
        f"COUNT(*) FILTER (WHERE furthest >= {reached})"
        for reached in (Reached.BEGUN, Reached.FINISHED, Reached.CERTIFIED)
    ),
    "COUNT(*) FILTER (WHERE late = 1)",
)


def counted(enrolments: QuerySet[Enrolment], *by: str, today: date) -> list[tuple[tuple[Any, ...], Counts]]:
    """People per value of the columns `by`, each in the furthest state reached under it.

    Two groupings in one statement, of which the ORM writes the inner one: counting distinct people in each state would
    sort everything once per state. In the order of the index neither has anything to sort.
    """
    late = Case(When(overdue(today=today), then=Value(1)), default=Value(0))
    furthest = enrolments.order_by().values(*by, "person_id").annotate(furthest=Max("reached"), late=Max(late))
    chosen = furthest.values_list(*by, "person_id", "furthest", "late")
    sql, params = chosen.query.get_compiler(furthest.db).as_sql()
    keys = ", ".join(by)
    grouped = f"SELECT {', '.join([*by, *COUNTED])} FROM ({sql}) AS people" + (f" GROUP BY {keys}" if by else "")  # noqa: S608  ours
    with connections[furthest.db].cursor() as cursor:
        cursor.execute(grouped, params)
        return [(row[: len(by)], Counts(0, *row[len(by) :])) for row in cursor.fetchall()]


def people_in(
    state: State, people: QuerySet[Person], enrolments: QuerySet[Enrolment], *, today: date
) -> QuerySet[Person]:
    """Those of `people` whose furthest state in `enrolments` is this one; all of them, for a state of something else."""
    own = enrolments.filter(person=OuterRef("pk"))
    enrolled, begun, finished = Exists(own), Exists(own.filter(BEGUN)), Exists(own.filter(FINISHED))
    match state:
        case State.ENROLLED:
            return people.filter(enrolled)
        case State.NOT_STARTED:
            return people.filter(enrolled, ~begun)
        case State.RUNNING:
            return people.filter(begun, ~finished)
        case State.FINISHED:
            return people.filter(finished)
        case State.CERTIFIED:
            return people.filter(Exists(own.filter(CERTIFIED)))
        case State.NOT_ENROLLED:
            return people.filter(~enrolled)
        case State.OVERDUE:
            return people.filter(Exists(own.filter(overdue(today=today))))
        case _:
            return people


def pairs_in(state: State, chosen: QuerySet[Enrolment], *, year: int, today: date) -> QuerySet[Any]:
    """One enrolment per pair that is in this state in the year: the furthest, which need not be the one overdue."""
    pairs = furthest(chosen, year=year)
    match state:
        case State.NOT_STARTED:
            return pairs.exclude(BEGUN)
        case State.RUNNING:
            return pairs.filter(BEGUN).exclude(FINISHED)
        case State.FINISHED:
            return pairs.filter(FINISHED)
        case State.CERTIFIED:
            return pairs.filter(CERTIFIED)
        case State.NOT_ENROLLED:
            return pairs.none()
        case State.OVERDUE:
            # Of the person, not of the units again: whoever is in the units is so with every enrolment.
            late = enrolments(year=year, course=None).filter(
                overdue(today=today), person=OuterRef("person"), course=OuterRef("course")
            )
            return pairs.filter(Exists(late))
        case _:
            return pairs


def courses_of(enrolments: QuerySet[Enrolment]) -> Coalesce:
    """In how many courses the person of the outer query has such an enrolment."""
    counted = (
        enrolments.filter(person=OuterRef("pk"))
        .order_by()
        .values("person")
        .annotate(courses=Count("course", distinct=True))
    )
    return Coalesce(Subquery(counted.values("courses")), 0)


def credit_hours_of(*, year: int, course: Course | None) -> Coalesce:
    """Credit hours the person of the outer query earned in a year."""
    if course is None:
        of_year = LearnerYear.objects.filter(person=OuterRef("pk"), year=year)
        return Coalesce(Subquery(of_year.values("credit_hours")), 0)
    of_course = Enrolment.objects.filter(person=OuterRef("pk"), course=course, completed_on__year=year)
    summed = of_course.order_by().values("person").annotate(hours=Sum("counted_hours"))
    return Coalesce(Subquery(summed.values("hours")), 0)


def state_code() -> Case:
    """The state of an enrolment as one of STATE_WORDS."""
    return Case(
        When(FINISHED, then=Value(State.FINISHED.value)),
        When(BEGUN, then=Value(State.RUNNING.value)),
        default=Value(State.NOT_STARTED.value),
    )


def issued_on(of_certificate: str) -> Cast:
    """The day that is printed: as it was where the organiser is, and of one that replaces another the day of the first.

    `of_certificate` is where its facts stand.
    """
    return Cast(KeyTextTransform("issued_on", of_certificate), DateField())


def edition_number() -> Concat:
    """The edition that an enrolment follows, or was finished in: 2.1."""
    major, minor = (Cast(f"edition__{part}", CharField()) for part in ("major", "minor"))
    return Concat(major, Value("."), minor)


def counted_hours() -> Case:
    """Credit hours of a pair in the year it was finished: 0 if annulled, null before.

    Where the enrolment carries none itself, another one of the pair may: one that got less far, with more hours.
    """
    others = Enrolment.objects.filter(
        person=OuterRef("person"),
        course=OuterRef("course"),
        completed_on__year=ExtractYear(OuterRef("completed_on")),
    )
    hours = others.order_by().values("person").annotate(hours=Sum("counted_hours")).values("hours")
    return Case(
        When(counted_hours__gt=0, then=F("counted_hours")),
        When(FINISHED, then=Subquery(hours)),
        output_field=IntegerField(),
    )


def with_certificate(enrolments: QuerySet[Any]) -> QuerySet[Any]:
    """Adds `certificate`, the live published one of each enrolment, to follow: `certificate__number`."""
    condition = Q(
        completion__certificates__revoked_at__isnull=True,
        completion__certificates__superseded_at__isnull=True,
        completion__certificates__published_at__isnull=False,
    )
    found: QuerySet[Any] = enrolments.alias(
        certificate=FilteredRelation("completion__certificates", condition=condition)
    )
    return found


# What the pairs of a list sum up to, for the total row of a page.
PAIRS = Count("pk")
TOTALS_OF_PAIRS = {
    "enrolled": PAIRS,
    "finished": Count("pk", filter=FINISHED),
    "credit_hours": Sum(counted_hours()),
}

# The same for completions by the unit when earned.
TOTALS_OF_COMPLETIONS = {
    "completions": Count("person"),  # which stands in the index
    "certified": Count("person", filter=CERTIFIED),
    "credit_hours": Coalesce(Sum("counted_hours"), 0),
}
