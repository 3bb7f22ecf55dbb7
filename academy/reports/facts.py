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

from django.db.models import (
    Case,
    CharField,
    Count,
    Exists,
    FilteredRelation,
    IntegerField,
    Min,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
    Sum,
    Value,
    When,
)
from django.db.models.functions import Cast, Coalesce, Concat, ExtractYear, Substr
from django.utils import timezone
from django.utils.translation import pgettext_lazy

from academy.people.models import Person, WorkUnit
from academy.reports.credit_hours import credited
from academy.reports.filters import State
from certificates.models import Certificate
from courses.models import Course, Enrolment

FINISHED = Q(completed_at__isnull=False)
BEGUN = Q(started_at__isnull=False) | FINISHED

# The one year of an enrolment where all years are shown together: finished in, or not finished and begun in.
YEAR = Coalesce(ExtractYear("completion__completed_on"), ExtractYear("enrolled_at"))

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


def roster(units: QuerySet[WorkUnit]) -> QuerySet[Person]:
    """The target: officials on the roster of these units."""
    people: QuerySet[Person] = Person.objects.on_roster().filter(unit__in=units)
    return people


def inactive(units: QuerySet[WorkUnit]) -> QuerySet[Person]:
    """Those who work in these units and whose account is switched off: no target, but HR must find them."""
    people: QuerySet[Person] = Person.objects.filter(is_active=False, unit__in=units)
    return people


def enrolments(*, year: int | None, course: Course | None) -> QuerySet[Enrolment]:
    """Current enrolments that count in a year up to the present (None: of all years) in a course (None: in all)."""
    enrolments = Enrolment.objects.current()
    if year is not None:
        unfinished = ~FINISHED & Q(enrolled_at__year__lte=year)
        enrolments = enrolments.filter(Q(completion__completed_on__year=year) | unfinished)
    return enrolments.filter(run__course=course) if course else enrolments


def years(*, this_year: int) -> list[int]:
    """The years to report on, newest first: from that of the first enrolment up to the present."""
    first = Enrolment.objects.aggregate(at=Min("enrolled_at"))["at"]
    return list(range(this_year, min(timezone.localdate(first).year if first else this_year, this_year) - 1, -1))


def of_roster(enrolments: QuerySet[Enrolment], units: QuerySet[WorkUnit]) -> QuerySet[Enrolment]:
    """Those of people on the roster of these units, by the mirror of the unit on the enrolment."""
    inactive = Person.objects.filter(is_active=False)
    return enrolments.filter(unit__in=units).exclude(person_id__in=inactive.values("pk"))


def live_certificates(enrolment: str = "pk") -> QuerySet[Certificate]:
    """The live published certificate (at most one) behind the enrolment of the outer query."""
    return Certificate.objects.live().published().filter(completion__enrolment=OuterRef(enrolment))


def rank() -> Case:
    """How far an enrolment got: 0 not started, 1 running, 2 finished, 3 certified."""
    return Case(
        When(FINISHED & Q(Exists(live_certificates())), then=Value(3)),
        When(FINISHED, then=Value(2)),
        When(BEGUN, then=Value(1)),
        default=Value(0),
        output_field=IntegerField(),
    )


def furthest(chosen: QuerySet[Enrolment], *, year: int | None) -> QuerySet[Any]:
    """One enrolment for every pair of person and course in the year: the furthest, of equals the newest.

    `chosen` are enrolments of that year. None: one for every pair and each YEAR.
    """
    further = (
        enrolments(year=year, course=None)
        .filter(person=OuterRef("person"), run__course=OuterRef("run__course"))
        .exclude(pk=OuterRef("pk"))  # nearly always the only one: then no rank is worked out
        .annotate(rank=rank())
        .filter(Q(rank__gt=OuterRef("rank")) | Q(rank=OuterRef("rank"), pk__gt=OuterRef("pk")))
    )
    if year is None:
        chosen, further = chosen.alias(year=YEAR), further.alias(year=YEAR).filter(year=OuterRef("year"))
    return chosen.alias(rank=rank()).filter(~Exists(further))


def counts_by_branch(units: QuerySet[WorkUnit], *, length: int, year: int, course: Course | None) -> dict[str, Counts]:
    """People per branch of the tree, by the first `length` symbols of the path of their unit; two queries."""
    branch = Substr("unit__path", 1, length)
    people = roster(units).order_by().annotate(branch=branch).values_list("branch")
    counts = {path: Counts(target=target) for path, target in people.annotate(target=Count("pk"))}
    chosen = of_roster(enrolments(year=year, course=course), units).annotate(branch=branch)
    for path, found in _counted(chosen, "branch"):
        counts[path] = counts.get(path, Counts()) + found
    return counts


def counts_by_course(units: QuerySet[WorkUnit], *, year: int, course: Course | None) -> dict[int, Counts]:
    """Pairs of person and course per course; without the target, which is the same for every course."""
    return dict(_counted(of_roster(enrolments(year=year, course=course), units), "run__course_id"))


def _counted(enrolments: QuerySet[Enrolment], by: str) -> list[tuple[Any, Counts]]:
    certified = FINISHED & Q(Exists(live_certificates()))
    rows = (
        enrolments.order_by()
        .values_list(by)
        .annotate(
            enrolled=Count("person", distinct=True),
            begun=Count("person", distinct=True, filter=BEGUN),
            finished=Count("person", distinct=True, filter=FINISHED),
            certified=Count("person", distinct=True, filter=certified),
        )
    )
    return [
        (key, Counts(enrolled=enrolled, begun=begun, finished=finished, certified=certified))
        for key, enrolled, begun, finished, certified in rows
    ]


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
            return people.filter(Exists(own.filter(FINISHED).filter(Exists(live_certificates()))))
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
            return pairs.filter(FINISHED, Exists(live_certificates()))
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
        .annotate(courses=Count("run__course", distinct=True))
    )
    return Coalesce(Subquery(counted.values("courses")), 0)


def credit_hours_of(*, year: int, course: Course | None) -> Coalesce:
    """Credit hours the person of the outer query earned in a year."""
    earned = credited().filter(person=OuterRef("pk"), completed_on__year=year)
    if course:
        earned = earned.filter(course=course)
    summed = earned.order_by().values("person").annotate(hours=Sum("credit_hours"))
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
    """Credit hours of a pair in the year it was finished: 0 if annulled, null before."""
    earned = credited().filter(
        person=OuterRef("person"),
        course=OuterRef("run__course"),
        completed_on__year=ExtractYear(OuterRef("completion__completed_on")),
    )
    return Case(When(FINISHED, then=Coalesce(Subquery(earned.values("credit_hours")), 0)), output_field=IntegerField())


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
