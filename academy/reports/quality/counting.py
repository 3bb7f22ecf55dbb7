"""What the tables of quality count, each in one query over sets; nothing is read person by person.

    enrolled    not withdrawn, in the runs (and the edition) looked at; who repeats the course in a later run counts again
    begun       finished a lesson or began a test; finished: with a completion; certified: with a live published certificate
    done        the activity is done; of a test: passed
    tried       sent at least one attempt at a post-test

What grows with the country is bounded: `LATEST` attempts are enough to tell about time and about questions, and the
whole page is given up after REPORTS_SECONDS.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from functools import cached_property
from statistics import median as middle
from typing import Any
from uuid import UUID

from django.core.exceptions import EmptyResultSet
from django.db import connections
from django.db.models import Count, ExpressionWrapper, F, FloatField, Max, Min, Q, QuerySet, Sum

from academy.reports.facts import BEGUN, CERTIFIED, FINISHED
from academy.reports.quality.measures import AnswerGroup, Answers, gathered
from academy.reports.quality.selection import Selection
from courses.models import ActivityProgress, Attempt, Course, Enrolment, QuestionVersion, Response

LATEST = 5_000
CURRENT = Q(withdrawn_at__isnull=True)


@dataclass(frozen=True)
class Reached:
    """People by how far they got; `elsewhere`: of those enrolled, in another edition than the one shown."""

    left: int = 0
    enrolled: int = 0
    begun: int = 0
    finished: int = 0
    certified: int = 0
    elsewhere: int = 0


def reached(selection: Selection) -> Reached:
    shown = selection.shown
    found = selection.enrolments().aggregate(
        left=Count("pk", filter=~CURRENT),
        enrolled=Count("pk", filter=CURRENT),
        begun=Count("pk", filter=CURRENT & BEGUN),
        finished=Count("pk", filter=CURRENT & FINISHED),
        certified=Count("pk", filter=CURRENT & CERTIFIED),
        elsewhere=Count("pk", filter=CURRENT & ~Q(edition=shown.pk if shown else None)),
    )
    return Reached(**found)


def reached_by_course(courses: QuerySet[Course], *, year: int | None) -> dict[int, Reached]:
    """Of these courses, in the runs of this year or in all."""
    rows = Enrolment.objects.filter(CURRENT, run__course__in=courses)
    if year:
        rows = rows.filter(run__year=year)
    counts = (
        rows.order_by()
        .values_list("run__course")
        .annotate(
            enrolled=Count("pk"),
            begun=Count("pk", filter=BEGUN),
            finished=Count("pk", filter=FINISHED),
            certified=Count("pk", filter=CERTIFIED),
        )
    )
    return {
        course: Reached(enrolled=enrolled, begun=begun, finished=finished, certified=certified)
        for course, enrolled, begun, finished, certified in counts
    }


def done(selection: Selection) -> dict[UUID, int]:
    """How many did each activity of the edition shown, by its stable key."""
    shown = selection.shown
    if shown is None:
        return {}
    rows = ActivityProgress.objects.filter(
        enrolment__in=selection.enrolments().filter(CURRENT), activity__in=[one.key for one in shown.activities]
    )
    return dict(rows.order_by().values_list("activity").annotate(Count("pk")))


@dataclass(frozen=True)
class Tries:
    """All who sent an attempt at a post-test: their best scores, and with which attempt they first passed."""

    best: Counter[Decimal]
    passed_with: Counter[int]
    not_passed: int

    @property
    def people(self) -> int:
        return sum(self.best.values())


def tries(selection: Selection) -> Tries:
    """Grouped by person, and those groups by what they say, so few rows leave the database."""
    by_person = (
        _attempts(selection, selection.shape.post_tests)
        .order_by()
        .values("enrolment")
        .annotate(best=Max("score"), passed_with=Min("number", filter=Q(passed=True)))
    )
    best: Counter[Decimal] = Counter()
    passed_with: Counter[int] = Counter()
    not_passed = 0
    for score, number, people in _grouped(by_person, "best", "passed_with"):
        best[Decimal(str(score))] += people
        if number is None:
            not_passed += people
        else:
            passed_with[number] += people
    return Tries(best, passed_with, not_passed)


def tried(selection: Selection) -> int:
    found = _attempts(selection, selection.shape.post_tests).aggregate(people=Count("enrolment", distinct=True))
    people: int = found["people"]
    return people


def minutes(selection: Selection) -> float | None:
    """The median time from begin to sending, of the latest attempts at post-tests; None without any."""
    latest = _attempts(selection, selection.shape.post_tests).order_by("-pk")[:LATEST]
    moments: list[tuple[datetime, Any]] = list(latest.values_list("started_at", "submitted_at"))
    return middle((sent - began).total_seconds() for began, sent in moments) / 60 if moments else None


@dataclass(frozen=True)
class Question:
    """A version of a question in one quiz, with what was answered to it."""

    quiz: UUID
    version: QuestionVersion
    answers: Answers

    @cached_property
    def texts(self) -> dict[str, str]:
        return {option["id"]: option["text"] for option in self.version.options}


def questions(selection: Selection) -> list[Question]:
    """Of all quizzes, from the latest attempts; those with the fewest right answers first within each quiz."""
    served = selection.shape.served
    latest = _attempts(selection, list(served)).order_by("-pk").values("pk")[:LATEST]
    squares = ExpressionWrapper(F("attempt__score") * F("attempt__score"), output_field=FloatField())
    groups = (
        Response.objects.filter(attempt__in=latest)
        .order_by()
        .values_list("attempt__edition_activity", "version", "chosen")
        .annotate(count=Count("pk"), scores=Sum("attempt__score", output_field=FloatField()), squares=Sum(squares))
    )
    answered = [
        ((served[quiz][0], version), AnswerGroup(tuple(chosen), count, scores, squared), served[quiz][1])
        for quiz, version, chosen, count, scores, squared in groups
        if chosen  # nothing is no answer
    ]
    versions = QuestionVersion.objects.in_bulk({key[1] for key, _group, _asked in answered})
    correct = {key: versions[key[1]].correct_ids for key, _group, _asked in answered}
    found = [
        Question(activity, versions[version], each) for (activity, version), each in gathered(answered, correct).items()
    ]
    places = {key: place for place, key in enumerate(selection.shape.quizzes)}
    return sorted(found, key=lambda one: (places[one.quiz], one.answers.facility or 0, one.version.pk))


def _attempts(selection: Selection, quizzes: list[int]) -> QuerySet[Attempt]:
    """Those that were sent, at these quizzes of editions, by people who did not leave. The quizzes have an index."""
    return Attempt.objects.filter(
        enrolment__in=selection.enrolments().filter(CURRENT), edition_activity__in=quizzes, submitted_at__isnull=False
    )


def _grouped(rows: QuerySet[Any, Any], *names: str) -> list[tuple[Any, ...]]:
    """How many rows of an already grouped query are alike in these columns: a group over groups, which the ORM has not."""
    connection = connections[rows.db]
    try:
        sql, params = rows.query.get_compiler(rows.db).as_sql()
    except EmptyResultSet:
        return []
    listed = ", ".join(map(connection.ops.quote_name, names))
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {listed}, COUNT(*) FROM ({sql}) AS groups GROUP BY {listed}", params)  # noqa: S608  ours
        found: list[tuple[Any, ...]] = cursor.fetchall()
    return found
