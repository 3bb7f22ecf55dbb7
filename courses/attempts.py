"""Attempts at a quiz: questions are drawn and shuffled here, answers saved and graded here, and time is ours."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any, cast
from uuid import UUID

from django.db import transaction
from django.db.models import Max
from django.utils.translation import gettext as _

from courses import keeping_progress
from courses.enrolment import begin_work
from courses.grading import Grade, grade
from courses.models import Attempt, EditionActivity, EditionQuestion, Enrolment, QuestionVersion, Response
from courses.models.edition import ActivityKind
from courses.models.questions import QuestionKind
from courses.outline import OutlineActivity, outline_of
from courses.progress import NotInEdition, check_open, complete_quiz, done_activities

CLOSED_IN_ONE_SWEEP = 500


class NoAttemptsLeft(Exception):
    """Every attempt has been used."""


class AlreadyPassed(Exception):
    """The quiz is passed: its score stands."""


class AttemptClosed(Exception):
    """The attempt was sent or its time is over. What had been saved is kept."""


class InvalidAnswer(Exception):
    """An answer names a question or an option that this attempt did not serve. Nothing was saved."""


@dataclass(frozen=True)
class AttemptsUsed:
    """How many attempts there were, of how many."""

    used: int
    allowed: int

    @property
    def left(self) -> int:
        return max(self.allowed - self.used, 0)


@transaction.atomic
def start_attempt(
    enrolment: Enrolment,
    activity: EditionActivity | OutlineActivity,
    *,
    at: datetime,
    rng: random.Random | None = None,
) -> Attempt:
    """Draw the questions and start the clock; an attempt still open is returned as it is.

    Raises NoAttemptsLeft, AlreadyPassed, ActivityLocked, NotInEdition or Withdrawn. Without `rng` chance is the
    system's, which nobody can foresee.
    """
    if activity.kind != ActivityKind.QUIZ:
        raise NotInEdition(_("Only a quiz has attempts."))
    begin_work(enrolment, at=at)
    attempts = Attempt.objects.filter(enrolment=enrolment, activity=activity.activity)
    running = attempts.filter(submitted_at__isnull=True).first()
    if running is not None:
        running = submit_if_over(running, at=at)
        if running.submitted_at is None:
            return running
    done = done_activities(enrolment)
    outline = outline_of(enrolment.edition_id)
    check_open(outline, activity.activity, done)
    activity = outline.find(activity.activity) or activity  # of the edition followed now: it may have changed meanwhile
    if activity.activity in done:
        raise AlreadyPassed(_("You have passed this quiz already."))
    used: int = attempts.aggregate(last=Max("number"))["last"] or 0
    if AttemptsUsed(used, cast(int, activity.max_attempts)).left == 0:
        raise NoAttemptsLeft(_("You have used all attempts at this quiz."))
    attempt = Attempt.objects.create(
        enrolment=enrolment,
        edition_activity_id=activity.pk,
        activity=activity.activity,
        number=used + 1,
        served=draw(activity, rng=rng or random.SystemRandom()),
        started_at=at,
        deadline_at=at + timedelta(minutes=activity.time_limit_minutes) if activity.time_limit_minutes else None,
    )
    keeping_progress.keep(enrolment, outline, done, at=at)
    return attempt


def draw(activity: EditionActivity | OutlineActivity, *, rng: random.Random) -> list[dict[str, Any]]:
    """As many questions as the quiz asks, in random order, each with its options in random order."""
    pool = list(
        EditionQuestion.objects.filter(activity=activity.pk)
        .order_by("version")
        .values_list("version", "version__options")
    )
    drawn = rng.sample(pool, min(cast(int, activity.question_count), len(pool)))
    served = []
    for version, options in drawn:
        ids = [option["id"] for option in options]
        rng.shuffle(ids)
        served.append({"version": version, "options": ids})
    return served


@transaction.atomic
def save_responses(attempt: Attempt, answers: Mapping[int, Collection[str]], *, at: datetime) -> list[Response]:
    """Keep what was chosen, by question version; saving again replaces it, choosing nothing clears it.

    Raises InvalidAnswer for ids that were not served, AttemptClosed after sending or the deadline; then nothing
    changes and earlier answers stay.
    """
    checked = check_answers(attempt, answers)
    row = Attempt.objects.select_for_update().get(pk=attempt.pk)
    if row.submitted_at is not None or is_over(row, at=at):
        raise AttemptClosed(_("This attempt is closed. Answers saved before that are kept."))
    return Response.objects.bulk_create(
        [Response(attempt=row, version_id=version, chosen=chosen, saved_at=at) for version, chosen in checked.items()],
        update_conflicts=True,
        unique_fields=["attempt", "version"],
        update_fields=["chosen", "saved_at"],
    )


def check_answers(attempt: Attempt, answers: Mapping[int, Collection[str]]) -> dict[int, list[str]]:
    """The answers in the order served. InvalidAnswer if they do not fit what this attempt served."""
    served = {question["version"]: question["options"] for question in attempt.served}
    if not answers.keys() <= served.keys():
        raise InvalidAnswer(_("An answer belongs to a question that is not part of this attempt."))
    for version, chosen in answers.items():
        if max(Counter(chosen).values(), default=0) > 1 or not frozenset(chosen) <= frozenset(served[version]):
            raise InvalidAnswer(_("An answer is not one of the options of its question."))
    several = [version for version, chosen in answers.items() if len(chosen) > 1]
    if several and QuestionVersion.objects.filter(pk__in=several, kind=QuestionKind.SINGLE).exists():
        raise InvalidAnswer(_("A question with one right answer was given several."))
    return {
        version: [option for option in options if option in answers[version]]
        for version, options in served.items()
        if version in answers
    }


@transaction.atomic
def submit_attempt(attempt: Attempt, *, at: datetime) -> Attempt:
    """Close the attempt and grade what was saved; a repeat returns it as graded.

    After the deadline it counts as sent at the deadline. Reaching the pass mark does the quiz, and may finish the
    course, in the same transaction. Withdrawn if the learner left.
    """
    enrolment = attempt.enrolment
    begin_work(enrolment, at=at)
    row = Attempt.objects.select_for_update(of=("self",)).select_related("edition_activity").get(pk=attempt.pk)
    if row.submitted_at is None:
        outcome = grade_of(row)
        sent_at = min(at, row.deadline_at or at)
        row.submitted_at, row.score = sent_at, outcome.score
        row.passed = outcome.reaches(pass_mark_of(row.edition_activity))
        row.save(update_fields=["submitted_at", "score", "passed"])
        if row.passed:
            complete_quiz(enrolment, row.activity, at=sent_at)
        else:
            keeping_progress.keep_moment(enrolment, at=sent_at)
    return row


def pass_mark_of(quiz: EditionActivity) -> Decimal:
    """Every quiz has one: the database sees to it."""
    return cast(Decimal, quiz.pass_mark)


def grade_of(attempt: Attempt) -> Grade:
    """The grade of what is saved now, by the questions as they were served."""
    questions = QuestionVersion.objects.filter(pk__in=[question["version"] for question in attempt.served])
    chosen = dict(Response.objects.filter(attempt=attempt).values_list("version", "chosen"))
    return grade(questions.only("options"), chosen)


def is_over(attempt: Attempt, *, at: datetime) -> bool:
    """Has the time of the attempt run out? At the deadline itself it has not."""
    return attempt.deadline_at is not None and at > attempt.deadline_at


def submit_if_over(attempt: Attempt, *, at: datetime) -> Attempt:
    """Close an attempt whose time ran out; any other is returned untouched."""
    if attempt.submitted_at is None and is_over(attempt, at=at):
        return submit_attempt(attempt, at=at)
    return attempt


def attempts_of(enrolment: Enrolment, activity: UUID, *, at: datetime) -> list[Attempt]:
    """All attempts at a quiz, in order; one whose time ran out is closed by looking at it."""
    rows = Attempt.objects.filter(enrolment=enrolment, activity=activity).order_by("number")
    return [submit_if_over(attempt, at=at) for attempt in rows]


def answers_may_be_shown(tried: Sequence[Attempt], *, max_attempts: int) -> bool:
    """May the right options of this quiz be shown to the learner who made these attempts?

    Only when there is nothing left to win by knowing them: the quiz is passed, or every attempt is used and sent.
    """
    if any(attempt.passed for attempt in tried):
        return True
    return AttemptsUsed(len(tried), max_attempts).left == 0 and all(one.submitted_at for one in tried)


def close_expired_attempts(*, at: datetime) -> int:
    """Grade the open attempts whose time ran out, oldest first; how many. Nobody's trouble delays the others'."""
    expired = Attempt.objects.filter(
        submitted_at__isnull=True, deadline_at__lt=at, enrolment__withdrawn_at__isnull=True
    ).order_by("deadline_at")
    closed, errors = 0, []
    for attempt in expired[:CLOSED_IN_ONE_SWEEP]:
        try:
            submit_attempt(attempt, at=at)
            closed += 1
        except Exception as error:  # noqa: BLE001  raised below, when the others have been served
            errors.append(error)
    if errors:
        raise ExceptionGroup("attempts that could not be closed", errors)
    return closed
