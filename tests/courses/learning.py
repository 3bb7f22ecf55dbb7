"""The addresses and steps of a learner, for the tests of the pages."""

from __future__ import annotations

from datetime import timedelta

from django.urls import reverse
from django.utils import timezone

from courses.attempts import save_responses, submit_attempt
from courses.models import Attempt, Enrolment
from courses.progress import complete_lesson

PASSWORD = "perahu-lontar-hujan"
JSON = {"Accept": "application/json"}


def address(enrolment: Enrolment, position: int, name: str = "activity", **more) -> str:
    activity = enrolment.edition.activities.get(position=position).activity
    return reverse(name, kwargs={"enrolment": enrolment.pk, "activity": activity, **more})


def read_all(enrolment: Enrolment) -> None:
    for lesson in enrolment.edition.activities.filter(kind="lesson").order_by("position"):
        complete_lesson(enrolment, lesson, at=timezone.now())


def attempt_address(attempt: Attempt, name: str = "attempt") -> str:
    return reverse(name, args=[attempt.enrolment_id, attempt.activity, attempt.number])


def fields(attempt: Attempt, letter: str = "a") -> dict[str, str]:
    return {f"q{question['version']}": letter for question in attempt.served}


def close(attempt: Attempt, letter: str | None = None) -> Attempt:
    if letter:
        save_responses(attempt, {q["version"]: [letter] for q in attempt.served}, at=timezone.now())
    return submit_attempt(attempt, at=timezone.now())


def expire(attempt: Attempt) -> None:
    Attempt.objects.filter(pk=attempt.pk).update(deadline_at=timezone.now() - timedelta(seconds=1))
