"""A course of ten people, worked out by hand.

Two lessons, then a final test of four questions (pass mark 70). Scores of the attempts that were sent:

    1  100                certified       5  50           7  both lessons, no attempt
    2  75                 certified       6  25, one open 8  the first lesson
    3  50 75              certified                       9, 10  nothing
    4  25 50 100          finished        11 left, with an attempt of 100

An attempt of 25·n has the first n questions right; the others were answered b, the last c. Number 6 left the last blank.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from typing import Any

from academy.people.models import Person, Role
from courses.models import ActivityProgress, Attempt, Course, Edition, EditionActivity, Enrolment, Response
from tests.factories import AT, LONG_AGO, PersonFactory, complete, make_edition, make_enrolment

# By person: lessons done, (score, minutes) of the attempts, fate.
STORIES: dict[int, tuple[int, list[tuple[int, int]], str]] = {
    1: (2, [(100, 10)], "certified"),
    2: (2, [(75, 12)], "certified"),
    3: (2, [(50, 20), (75, 14)], "certified"),
    4: (2, [(25, 8), (50, 10), (100, 30)], "finished"),
    5: (2, [(50, 16)], ""),
    6: (2, [(25, 18)], "has one open"),
    7: (2, [], ""),
    8: (1, [], ""),
    9: (0, [], ""),
    10: (0, [], ""),
    11: (1, [(100, 1)], "left"),
}


@dataclass
class QualityWorld:
    course: Course
    edition: Edition
    enrolments: dict[int, Enrolment]
    organiser: Person
    trainer: Person


def make_quality_world() -> QualityWorld:
    edition = make_edition()
    enrolments = {number: tell(edition, *story) for number, story in STORIES.items()}
    unit = edition.course.organiser.unit
    return QualityWorld(
        course=edition.course,
        edition=edition,
        enrolments=enrolments,
        organiser=officer(Role.Kind.ORGANISER, unit),
        trainer=officer(Role.Kind.TRAINER, unit),
    )


def officer(kind: Role.Kind, unit: Any) -> Person:
    person: Person = PersonFactory(unit=unit)
    Role.objects.create(person=person, kind=kind, unit=unit, from_at=LONG_AGO)
    return person


def tell(edition: Edition, lessons: int, attempts: list[tuple[int, int]], fate: str, **fields: Any) -> Enrolment:
    enrolment = make_enrolment(
        edition=edition,
        **{"started_at": AT if lessons else None, "withdrawn_at": AT if fate == "left" else None} | fields,
    )
    activities = list(EditionActivity.objects.filter(edition=edition).order_by("position"))
    for activity in activities[:lessons]:
        ActivityProgress.objects.create(enrolment=enrolment, activity=activity.activity, done_at=AT)
    quiz = activities[-1]
    for number, (score, minutes) in enumerate(attempts, start=1):
        take(enrolment, quiz, number, score, minutes=minutes, skips_last=fate == "has one open")
    if any(score >= 70 for score, _minutes in attempts):
        ActivityProgress.objects.create(enrolment=enrolment, activity=quiz.activity, done_at=AT)
    if fate in {"certified", "finished"}:
        complete(enrolment)
    if fate == "certified":
        Enrolment.objects.filter(pk=enrolment.pk).update(certified_at=AT)
    if fate == "has one open":
        _attempt(enrolment, quiz, len(attempts) + 1)
    return enrolment


def take(
    enrolment: Enrolment, quiz: EditionActivity, number: int, score: int, *, minutes: int, skips_last: bool = False
) -> Attempt:
    attempt = _attempt(
        enrolment,
        quiz,
        number,
        submitted_at=AT + timedelta(minutes=minutes),
        score=Decimal(score),
        passed=score >= 70,
    )
    versions = list(quiz.questions.order_by("pk"))
    for place, version in enumerate(versions):
        is_last = place == len(versions) - 1
        wrong = [] if is_last and skips_last else ["c" if is_last else "b"]
        chosen = ["a"] if place < score * len(versions) / 100 else wrong
        Response.objects.create(attempt=attempt, version=version, chosen=chosen, saved_at=AT)
    return attempt


def _attempt(enrolment: Enrolment, quiz: EditionActivity, number: int, **fields: Any) -> Attempt:
    return Attempt.objects.create(
        enrolment=enrolment,
        edition_activity=quiz,
        activity=quiz.activity,
        number=number,
        served=[],
        started_at=AT,
        **fields,
    )
