"""What the demo people did: enrolments in every state, made by the same actions that learners call."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction

from academy.people.models import Person
from courses.attempts import save_responses, start_attempt, submit_attempt
from courses.enrolment import enrol, withdraw
from courses.models import ActivityKind, Attempt, Course, EditionActivity, Enrolment, QuestionVersion, Run
from courses.progress import complete_lesson

LONGEST_HISTORY_DAYS = 300


@dataclass(frozen=True)
class Story:
    """How an enrolment went. `share` is the part of the activities done; tests are passed after `failures` failures."""

    share: float
    failures: int = 0
    withdraws: bool = False

    @property
    def finishes(self) -> bool:
        return self.share == 1


# Of 100 enrolments: finished at once, finished after a failed test, on the way, stuck at the test, untouched, left.
STORIES = (
    [Story(1)] * 24
    + [Story(1, failures=1)] * 8
    + [Story(0.7)] * 10
    + [Story(0.5)] * 12
    + [Story(0.2)] * 14
    + [Story(0.99, failures=1)] * 6
    + [Story(0.99, failures=3)] * 2
    + [Story(0)] * 18
    + [Story(0.3, withdraws=True)] * 6
)


def ensure_histories(people: Sequence[Person], courses: Sequence[Course], *, count: int, now: datetime) -> int:
    """Give about `count` enrolments to `people`; who already has one keeps it. Returns how many were made."""
    dice = random.Random(95_2018)  # noqa: S311  a repeatable story, nothing secret
    people = dice.sample(list(people), len(people))  # learners of every agency, not of the first ones
    made = 0
    for index in range(count):
        person, course = people[index % len(people)], courses[(index + index // len(people)) % len(courses)]
        story = STORIES[dice.randrange(len(STORIES))]
        begins_at = now - timedelta(days=dice.randint(2, LONGEST_HISTORY_DAYS), minutes=dice.randint(0, 600))
        seed = dice.randrange(2**32)
        if Enrolment.objects.filter(person=person, run__course=course).exists():
            continue
        tell(person, course, story, at=begins_at, dice=random.Random(seed))  # noqa: S311
        made += 1
    return made


@transaction.atomic
def tell(
    person: Person, course: Course, story: Story, *, at: datetime, dice: random.Random, run: Run | None = None
) -> Enrolment:
    """Live one story: enrol, study and take the tests, a little every day; without a run in the self-paced one."""
    enrolment = enrol(person, course, at=at, run=run)
    activities = list(enrolment.edition.activities.order_by("position"))
    for activity in activities[: round(len(activities) * story.share)]:
        at += timedelta(minutes=activity.minutes + dice.randint(0, 60))
        if activity.kind == ActivityKind.LESSON:
            complete_lesson(enrolment, activity, at=at)
            continue
        for _number in range(min(story.failures, activity.max_attempts or 1)):
            take_test(enrolment, activity, right=0.4, at=at, dice=dice)
            at += timedelta(hours=2)
        if story.finishes:
            take_test(enrolment, activity, right=dice.choice([0.8, 0.9, 1]), at=at, dice=dice)
    if story.withdraws:
        withdraw(enrolment, at=at)
    return enrolment


def take_test(
    enrolment: Enrolment, activity: EditionActivity, *, right: float, at: datetime, dice: random.Random
) -> Attempt:
    """One attempt in which the given share of the answers is right."""
    attempt = start_attempt(enrolment, activity, at=at, rng=dice)
    versions = QuestionVersion.objects.in_bulk([served["version"] for served in attempt.served])
    answers = {}
    for position, served in enumerate(attempt.served):
        key = versions[served["version"]].correct_ids
        wrong = [option for option in served["options"] if option not in key][:1]
        answers[served["version"]] = sorted(key) if position < round(len(attempt.served) * right) else wrong
    save_responses(attempt, answers, at=at + timedelta(minutes=10))
    return submit_attempt(attempt, at=at + timedelta(minutes=12))
