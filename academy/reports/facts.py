"""The definitions behind every number of the completion report; counts and lists use these and nothing else.

Target      an official on the roster of a unit in scope, today.
Enrolled    an official of the target with a current (not withdrawn) enrolment that counts in the year.
Finished    an enrolment with a completion; running: begun, not finished; not started: neither.
Certified   finished, and a live published certificate stands behind the completion.

A finished enrolment counts in the year of `Completion.completed_on` alone, whatever its run; one that is not finished
counts in every year from that in which it began up to the present. See docs/rules.md, "The year of a report".

A person who is in several runs of a course in one year is one pair of person and course, in the furthest state. A
person who is in several courses counts once per person, in the furthest state of them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.db import connections
from django.db.models import (
    BooleanField,
    Case,
    CharField,
    Count,
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
from django.db.models.functions import Cast, Coalesce, Concat, ExtractYear
from django.utils import timezone
from django.utils.translation import pgettext_lazy

from academy.people.models import Person, WorkUnit
from academy.reports.filters import State
from courses.models import Course, Enrolment, LearnerYear

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

    def __add__(self, other: Counts) -> Counts:
        return Counts(
            self.target + other.target,
            self.enrolled + other.enrolled,
            self.begun + other.begun,
            self.finished + other.finished,
            self.certified + other.certified,
        )

    @property
    def not_started(self) -> int:
        return self.enrolled - self.begun

    @property
    def running(self) -> int:
        return self.begun - self.finished


class _Among(Func):
    """PostgreSQL finds the keys first and walks through the index with them; of IN (SELECT …) it thinks too little of them."""

    template, arg_joiner = "%(expressions)s)", " = ANY(ARRAY"
    output_field = BooleanField()


def among(units: QuerySet[WorkUnit], field: str = "unit") -> Q:
    """`field` is one of these units."""
    if connections[units.db].vendor == "postgresql":
        return Q(_Among(F(field), Subquery(units.order_by().values("pk"))))
    return Q(**{f"{field}__in": units})


def roster(units: QuerySet[WorkUnit]) -> QuerySet[Person]:
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
    """The years to report on, newest first: from that of the first enrolment up to the present."""
    first = Enrolment.objects.aggregate(at=Min("enrolled_at"))["at"]
    return list(range(this_year, min(timezone.localdate(first).year if first else this_year, this_year) - 1, -1))


def of_roster(enrolments: QuerySet[Enrolment], units: QuerySet[WorkUnit]) -> QuerySet[Enrolment]:
    """Those of people on the roster of these units, by the mirror of the unit on the enrolment."""
    return enrolments.filter(among(units)).exclude(person_id__in=inactive(units).values("pk"))


def furthest(chosen: QuerySet[Enrolment], *, year: int | None) -> QuerySet[Any]:
    """One enrolment for every pair of person and course in the year: the furthest, of equals the newest.

    `chosen` are enrolments of that year. None: one for every pair and each YEAR.
    """
    further = enrolments(year=year, course=None).filter(
        Q(reached__gt=OuterRef("reached")) | Q(reached=OuterRef("reached"), pk__gt=OuterRef("pk")),
        person=OuterRef("person"),
        course=OuterRef("course"),
    )
    if year is None:
        chosen, further = chosen.alias(year=YEAR), further.alias(year=YEAR).filter(year=OuterRef("year"))
    return chosen.filter(~Exists(further))


def counts_by_unit(units: QuerySet[WorkUnit], *, year: int, course: Course | None) -> dict[str, Counts]:
    """People per path of a unit, each without those below it; two queries.

    Who comes to a unit of nobody between the two is in neither: whoever is enrolled is of the target.
    """
    people = roster(units).order_by().values_list("unit", "unit__path").annotate(target=Count("pk"))
    paths: dict[int, str] = {}
    counts: dict[str, Counts] = {}
    for unit, path, target in people:
        paths[unit], counts[path] = path, Counts(target=target)
    for unit, found in _counted(of_roster(enrolments(year=year, course=course), units), "unit_id"):
        if unit in paths:
            counts[paths[unit]] += found
    return counts


def counts_by_course(units: QuerySet[WorkUnit], *, year: int, course: Course | None) -> dict[int, Counts]:
    """Pairs of person and course per course; without the target, which is the same for every course."""
    return dict(_counted(of_roster(enrolments(year=year, course=course), units), "course_id"))


def _counted(enrolments: QuerySet[Enrolment], by: str) -> list[tuple[Any, Counts]]:
    """People per value of the column `by`, each in the furthest state reached under it.

    Two groupings in one statement, of which the ORM writes the inner one: counting distinct people in each state would
    sort everything once per state.
    """
    furthest = enrolments.order_by().values(by, "person_id").annotate(furthest=Max("reached"))
    sql, params = furthest.values_list(by, "person_id", "furthest").query.get_compiler(furthest.db).as_sql()
    counts: dict[Any, Counts] = {}
    with connections[furthest.db].cursor() as cursor:
        grouped = f"SELECT {by}, furthest, COUNT(*) FROM ({sql}) AS people GROUP BY {by}, furthest"  # noqa: S608  ours
        cursor.execute(grouped, params)
        for key, reached, people in cursor.fetchall():
            counts[key] = counts.get(key, Counts()) + Counts(
                enrolled=people,
                begun=people * (reached >= Reached.BEGUN),
                finished=people * (reached >= Reached.FINISHED),
                certified=people * (reached >= Reached.CERTIFIED),
            )
    return list(counts.items())


def people_in(state: State, people: QuerySet[Person], enrolments: QuerySet[Enrolment]) -> QuerySet[Person]:
    """Those of `people` whose furthest state in `enrolments` is this one."""
    own = enrolments.filter(person=OuterRef("pk"))
    enrolled, begun, finished = Exists(own), Exists(own.filter(BEGUN)), Exists(own.filter(FINISHED))
    match state:
        case State.TARGET:
            return people
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


def pairs_in(state: State, enrolments: QuerySet[Enrolment], *, year: int) -> QuerySet[Any]:
    """One enrolment per pair that is in this state in the year."""
    pairs = furthest(enrolments, year=year)
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
TOTALS_OF_PAIRS = {
    "enrolled": Count("pk"),
    "finished": Count("pk", filter=FINISHED),
    "credit_hours": Sum(counted_hours()),
}
