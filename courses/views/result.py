"""What came of an attempt. The right options are shown only when there is nothing left to win by knowing them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.text import capfirst
from django.utils.translation import gettext as _

from academy.pages.templatetags.formats import clock, day
from academy.pages.templatetags.formats import score as score_text
from courses import attempts
from courses.grading import Grade, grade
from courses.models import Attempt, QuestionVersion
from courses.outline import OutlineActivity
from courses.views.access import Place, personal
from courses.views.attempt import Sitting, find_sitting, saved_responses, versions_of
from courses.views.quiz import attempt_number


@personal("GET")
def result(request: HttpRequest, enrolment: int, activity: UUID, number: int) -> HttpResponse:
    sitting = find_sitting(request, enrolment, activity, number)
    if not sitting.is_closed:
        return redirect(sitting.url())
    return render(request, "courses/attempt_result.html", result_context(sitting))


def result_context(sitting: Sitting) -> dict[str, Any]:
    place, attempt = sitting.place, sitting.attempt
    tried = attempts.attempts_of(place.enrolment, attempt.activity, at=timezone.now())
    may_show = attempts.answers_may_be_shown(tried, max_attempts=place.activity.max_attempts)
    versions = versions_of(attempt)
    chosen = {version: response.chosen for version, response in saved_responses(attempt).items()}
    outcome = grade(versions.values(), chosen)
    questions = [
        question_result(place, number, served, versions[served["version"]], chosen, outcome, may_show=may_show)
        for number, served in enumerate(attempt.served, start=1)
    ]
    sent = f"{day(attempt.submitted_at, place.zone)}, {clock(attempt.submitted_at, place.zone)}"
    return {
        "quiz": {"title": place.activity.title},
        "crumbs": place.crumbs(),
        "passed": attempt.passed,
        "score": score_text(attempt.score),
        "pass_mark": score_text(attempts.pass_mark_of(attempt.edition_activity)),
        "right": len(outcome.right),
        "total": outcome.total,
        "facts": capfirst(
            _("%(attempt)s · sent %(moment)s") % {"attempt": attempt_number(place, attempt), "moment": sent}
        ),
        "questions": questions,
        "answers_shown": may_show,
        "read_again": read_again(questions),
        **next_step(place, tried),
    }


def question_result(
    place: Place,
    number: int,
    served: Mapping[str, Any],
    version: QuestionVersion,
    chosen: Mapping[int, list[str]],
    outcome: Grade,
    *,
    may_show: bool,
) -> dict[str, Any]:
    texts = {option["id"]: option["text"] for option in version.options}
    is_right = version.pk in outcome.right
    lesson = place.outline.find(version.lesson) if version.lesson else None
    return {
        "number": number,
        "legend": version.text,
        "right": is_right,
        "chosen": [texts[option] for option in served["options"] if option in chosen.get(version.pk, ())],
        "correct": [texts[option] for option in served["options"] if option in version.correct_ids] if may_show else [],
        "explanation": version.explanation if may_show else "",
        "read": link_to(place, lesson) if lesson and not is_right and place.standing.is_open(lesson) else None,
    }


def link_to(place: Place, lesson: OutlineActivity) -> dict[str, Any]:
    name = f"{lesson.number} {lesson.title}"
    return {
        "position": lesson.position,
        "url": place.url_of(lesson),
        "name": name,
        "label": _("Read again: %(activity)s") % {"activity": name},
    }


def read_again(questions: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The lessons behind the questions that were not right, each once, in the order of the course."""
    lessons = {one["read"]["url"]: one["read"] for one in questions if one["read"]}
    return sorted(lessons.values(), key=lambda lesson: lesson["position"])


def next_step(place: Place, tried: list[Attempt]) -> dict[str, Any]:
    """The one primary action after a result, and what it means."""
    if place.enrolment.completed_at is not None or place.activity.activity in place.done:
        is_finished = place.enrolment.completed_at is not None
        message = {"kind": "ok", "title": _("You have finished the course.")} if is_finished else None
        url = reverse("enrolment", args=[place.enrolment.pk]) if is_finished else place.url_after()
        return {"message": message, "action": {"url": url, "label": _("Go on")}}
    running = next((one for one in tried if one.submitted_at is None), None)
    if running is not None:
        return {"action": {"url": place.url("attempt", number=running.number), "label": _("Continue the quiz")}}
    used = attempts.AttemptsUsed(len(tried), place.activity.max_attempts)
    back = {"url": place.url(), "label": _("Back to the quiz")}
    if used.left == 0:
        text = _("If something went wrong, contact the organiser of the course.")
        return {"message": {"kind": "warn", "title": _("No attempts are left."), "text": text}, "action": back}
    again = {"url": place.url("start_attempt"), "label": _("Try again"), "post": True}
    return {"message": None, "action": again, "other": back}
