"""All rows of an academy as docs/rules.md sees them: who got how far with what, and where people work."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import ROUND_HALF_UP, Decimal
from zoneinfo import ZoneInfo

from academy.people.models import Person, WorkUnit
from academy.reports.filters import State
from academy.reports.registry import Question
from certificates.models import Certificate
from courses.models import ActivityProgress, Attempt, Completion, Course, EditionActivity, Enrolment

ZONE = ZoneInfo("Asia/Makassar")
ELSEWHERE = "Tidak lagi di lingkup Anda"

Value = str | int | Decimal | date | None
Values = tuple[Value, ...]


@dataclass(frozen=True)
class Paper:
    """A certificate, and what it is today: valid, expired, owed, revoked, replaced."""

    number: str
    issued_on: date | None
    state: State


@dataclass(frozen=True)
class Taken:
    """One enrolment as the rule sees it: 0 enrolled, 1 begun, 2 finished, 3 certified."""

    pk: int
    person: int
    course: int
    edition: str
    enrolled_on: date
    reached: int
    percent: int
    active_on: date | None
    score: Decimal | None
    hours: int | None
    completion: int
    completed_on: date | None
    earned_unit: int | None
    due_on: date | None
    number: str
    papers: tuple[Paper, ...]

    def counts_in(self, year: int) -> bool:
        return self.completed_on.year == year if self.completed_on else self.enrolled_on.year <= year

    def is_overdue(self, today: date) -> bool:
        return self.completed_on is None and self.due_on is not None and self.due_on < today


@dataclass(frozen=True)
class Row:
    """A line of a report by unit: the units it is about; whether it stands there with nothing in it."""

    name: str
    units: set[int]
    always: bool


@dataclass
class Academy:
    """All rows, once."""

    at: datetime
    people: dict[int, Person] = field(default_factory=lambda: {row.pk: row for row in Person.objects.all()})
    units: dict[int, WorkUnit] = field(default_factory=lambda: {row.pk: row for row in WorkUnit.objects.all()})
    taken: list[Taken] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.taken = [*_taken(self.today)]

    @property
    def today(self) -> date:
        return self.at.astimezone(ZONE).date()

    def counting(self, question: Question) -> list[Taken]:
        """The enrolments that count in the year that was asked for, of the course or of all."""
        asked = question.filters
        return [one for one in self.taken if one.counts_in(asked.year) and _is_of(one, asked.course)]

    def pairs(self, question: Question) -> dict[tuple[int, int], Taken]:
        """Of every person and course the furthest, of equals the newest."""
        counting = sorted(self.counting(question), key=lambda one: (one.reached, one.pk))
        return {(one.person, one.course): one for one in counting}

    def earned(self, question: Question) -> list[Taken]:
        """What was finished in the year in the units that were asked for."""
        units = self.units_of(question)
        finished = [one for one in self.counting(question) if one.completed_on and one.earned_unit in units]
        finished = [one for one in finished if is_in(one.completed_on, question)]
        return [one for one in finished if question.filters.state != State.CERTIFIED or one.reached == 3]

    def hours(self, person: int, course: int, year: int) -> int | None:
        """The most hours of the course in the year; None if it was not finished then."""
        return max((one.hours or 0 for one in self._finished(person, course, year)), default=None)

    def counted(self, one: Taken) -> int:
        """The hours that this completion adds: all of them, if it has the most, of equals the newest."""
        year = one.completed_on.year if one.completed_on else 0
        finished = self._finished(one.person, one.course, year)
        best = max(finished, key=lambda each: (each.hours or 0, each.completion), default=None)
        return one.hours or 0 if best is one else 0

    def _finished(self, person: int, course: int, year: int) -> list[Taken]:
        of_pair = [one for one in self.taken if (one.person, one.course) == (person, course)]
        return [one for one in of_pair if one.completed_on and one.completed_on.year == year]

    def units_of(self, question: Question) -> set[int]:
        """Those asked for, of those the officer sees."""
        chosen = question.filters.unit
        if chosen is None:
            return self.seen(question)
        return {chosen.pk} if question.filters.direct else self.below(chosen.path)

    def seen(self, question: Question) -> set[int]:
        return {pk for root in question.scope.roots for pk in self.below(root.path)}

    def below(self, path: str) -> set[int]:
        """The unit of this path and all below it."""
        return {pk for pk, unit in self.units.items() if unit.path.startswith(path)}

    def target(self, question: Question) -> list[Person]:
        """Officials on the roster; with a search only those it finds."""
        among, inactive = self.units_of(question), question.filters.inactive
        return [
            person
            for person in self.people.values()
            if person.unit_id in among and person.is_active is not inactive and _is_found(person, question)
        ]

    def is_named(self, person: Person, question: Question) -> bool:
        """Whether the officer may know who this is: it takes working in the scope today."""
        return person.unit_id in self.seen(question)

    def is_told(self, person: Person, question: Question) -> bool:
        """Whether a list by the unit when earned has this person: a search finds nobody who is not named."""
        asked = question.filters.search
        return not asked or (self.is_named(person, question) and _is_found(person, question))

    def rows(self, question: Question) -> list[Row]:
        """The chosen unit, or the top of the scope, by itself, and each unit directly below with all below that."""
        asked = question.filters
        top = self.units[asked.unit.pk if asked.unit else question.scope.roots[0].pk]
        directly = Row(f"{top.name} (langsung)", {top.pk}, always=False)
        below = [unit for unit in self.units.values() if unit.path[:-4] == top.path]
        if asked.direct:
            return [directly]
        if not below:
            return [Row(top.name, {top.pk}, always=not top.closed_on)]
        return [directly, *(Row(unit.name, self.below(unit.path), always=not unit.closed_on) for unit in below)]

    def about(self, person: Person) -> Values:
        unit = self.units[person.unit_id or 0]
        department = next(one for one in self.units.values() if one.path == unit.path[:8])
        name = f"{person.title_before} {person.name}{', ' if person.title_after else ''}{person.title_after}".strip()
        return (person.nip or "", name, unit.name, department.name, unit.agency.name)

    def about_if_named(self, person: Person, question: Question) -> Values:
        return self.about(person) if self.is_named(person, question) else ("", ELSEWHERE, "", "", "")


def courses_of(question: Question) -> Sequence[Course]:
    return [question.filters.course] if question.filters.course else question.courses


def is_in(on: date | None, question: Question) -> bool:
    """Whether the day is of the year that was asked for, and of the month if one was."""
    asked = question.filters
    return on is not None and on.year == asked.year and asked.month in {None, on.month}


def share(part: int, whole: int) -> Decimal | None:
    return (Decimal(100) * part / whole).quantize(Decimal("0.1"), ROUND_HALF_UP) if whole else None


def _is_of(one: Taken, course: Course | None) -> bool:
    return course is None or one.course == course.pk


def _is_found(person: Person, question: Question) -> bool:
    return all(word in person.name.casefold() for word in question.filters.search.casefold().split())


def _taken(today: date) -> Iterable[Taken]:
    for row in Enrolment.objects.filter(withdrawn_at=None).select_related("run", "edition"):
        completion = Completion.objects.filter(enrolment=row.pk).first()
        papers = list(Certificate.objects.filter(completion__enrolment=row.pk))
        live = [one for one in papers if not (one.revoked_at or one.superseded_at) and one.published_at]
        done = {each.activity: each.done_at for each in ActivityProgress.objects.filter(enrolment=row.pk)}
        tried = [each.submitted_at or each.started_at for each in Attempt.objects.filter(enrolment=row.pk)]
        activities = EditionActivity.objects.filter(edition=row.edition_id)
        active_at = max([*done.values(), *tried], default=None)
        annulled = any(one.revoked_at and one.annuls_credit for one in papers)
        yield Taken(
            pk=row.pk,
            person=row.person_id,
            course=row.run.course_id,
            edition=f"{row.edition.major}.{row.edition.minor}",
            enrolled_on=row.enrolled_at.astimezone(ZONE).date(),
            reached=(3 if live else 2) if completion else int(row.started_at is not None),
            percent=100 * sum(each.activity in done for each in activities) // len(activities) if done else 0,
            active_on=active_at.astimezone(ZONE).date() if active_at else None,
            score=completion.score.quantize(Decimal("0.01")) if completion else None,
            hours=(0 if annulled else completion.credit_hours) if completion else None,
            completion=completion.pk if completion else 0,
            completed_on=completion.completed_on if completion else None,
            earned_unit=completion.unit_id if completion else None,
            due_on=row.due_on,
            number=live[0].number if live else "",
            papers=tuple(_papers(completion, papers, today)) if completion else (),
        )


def _papers(completion: Completion, certificates: list[Certificate], today: date) -> Iterable[Paper]:
    """One that waits to be issued stands for a completion without any."""
    if not certificates:
        yield Paper("", None, State.OWED)
    for one in certificates:
        is_over = completion.valid_until is not None and completion.valid_until < today
        if one.revoked_at:
            state = State.REVOKED
        elif one.superseded_at:
            state = State.REPLACED
        elif not one.published_at:
            state = State.OWED
        else:
            state = State.EXPIRED if is_over else State.VALID
        yield Paper(one.number, date.fromisoformat(one.facts["issued_on"]), state)
