"""A running attempt: the questions, saving answers one by one or all at once, and the look before sending."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _

from academy.pages.templatetags.formats import clock
from courses import attempts, pending_answers
from courses.answer_fields import field_name, read_answers
from courses.models import Attempt, QuestionVersion, Response
from courses.models.questions import QuestionKind
from courses.views.access import Place, ask_to_sign_in, find_place, personal, refuse
from courses.views.quiz import attempt_facts, seconds_left
from courses.views.time_left import time_words


@dataclass
class Sitting:
    """An attempt of the reader, with the place of its quiz."""

    place: Place
    attempt: Attempt

    def url(self, name: str = "attempt") -> str:
        return self.place.url(name, number=self.attempt.number)

    @property
    def is_closed(self) -> bool:
        return self.attempt.submitted_at is not None


def find_sitting(request: HttpRequest, enrolment: int, activity: UUID, number: int) -> Sitting:
    """An attempt of one's own, closed if its time ran out. 404 if there is none."""
    place = find_place(request, enrolment, activity)
    rows = Attempt.objects.filter(enrolment=place.enrolment, activity=activity, number=number)
    found = rows.select_related("edition_activity").defer("edition_activity__body").first()
    if found is None:
        raise Http404
    found.enrolment = place.enrolment
    return Sitting(place, attempts.submit_if_over(found, at=timezone.now()))


def keep_answers_and_sign_in(request: HttpRequest, **kwargs: Any) -> HttpResponse:
    """The session ran out in mid-quiz: what was typed waits until the person has signed in."""
    if wants_json(request):
        return JsonResponse({"message": _("Sign in again to go on.")}, status=401)
    if request.method == "POST" and pending_answers.keep(request):
        messages.info(request, _("Your session has ended. Sign in again: the answers you just gave are kept."))
    return ask_to_sign_in(request)


@personal("GET", "POST", signed_out=keep_answers_and_sign_in)
def attempt(request: HttpRequest, enrolment: int, activity: UUID, number: int) -> HttpResponse:
    """The questions. A form saves all answers; a script, asking for JSON, saves the one that changed."""
    kept = pending_answers.take(request)  # first of all: who may not open this address loses them
    sitting = find_sitting(request, enrolment, activity, number)
    if request.method == "POST":
        return save_one(request, sitting) if wants_json(request) else save_all(request, sitting)
    if kept is not None:
        save_kept(request, sitting, kept)
    if sitting.is_closed:
        return redirect(sitting.url("attempt_result"))
    return questions_page(request, sitting)


@personal("GET", "POST")
def review(request: HttpRequest, enrolment: int, activity: UUID, number: int) -> HttpResponse:
    """Every answer once more; the button sends the attempt."""
    sitting = find_sitting(request, enrolment, activity, number)
    if request.method == "POST":
        attempts.submit_attempt(sitting.attempt, at=timezone.now())
        return redirect(sitting.url("attempt_result"))
    if sitting.is_closed:
        return redirect(sitting.url("attempt_result"))
    questions = served_questions(sitting.attempt, saved_responses(sitting.attempt))
    context = {
        "quiz": {"title": sitting.place.activity.title},
        "crumbs": sitting.place.crumbs(),
        "questions": [one | {"edit_url": f"{sitting.url()}#{one['id']}"} for one in questions],
        "total": len(questions),
        "unanswered": sum(not one["answers"] for one in questions),
        "submit_url": sitting.url("attempt_review"),
        "back_url": sitting.url(),
        "time": time_of(sitting),
    }
    return render(request, "courses/attempt_review.html", context)


def wants_json(request: HttpRequest) -> bool:
    return request.headers.get("Accept", "").startswith("application/json")


def save_one(request: HttpRequest, sitting: Sitting) -> HttpResponse:
    now = timezone.now()
    try:
        attempts.save_responses(sitting.attempt, read_answers(dict(request.POST.lists())), at=now)
    except attempts.AttemptClosed as refusal:
        return JsonResponse({"message": str(refusal), "url": sitting.url("attempt_result")}, status=409)
    except attempts.InvalidAnswer as refusal:
        return JsonResponse({"message": str(refusal)}, status=422)
    return JsonResponse({"saved_at": now.isoformat(), "message": saved_label(clock(now, sitting.place.zone))})


def save_all(request: HttpRequest, sitting: Sitting) -> HttpResponse:
    try:
        attempts.save_responses(sitting.attempt, read_answers(dict(request.POST.lists())), at=timezone.now())
    except attempts.AttemptClosed as refusal:
        return refuse(
            request,
            status=409,
            title=_("This attempt is closed"),
            text=str(refusal),
            url=sitting.url("attempt_result"),
            label=_("See the result"),
        )
    except attempts.InvalidAnswer as refusal:
        notice = {"kind": "bad", "title": _("Your answers were not saved."), "text": str(refusal)}
        return questions_page(request, sitting, notice=notice, status=422)
    if "stay" in request.POST:
        messages.success(request, _("Your answers are saved."))
        return redirect(sitting.url())
    return redirect(sitting.url("attempt_review"))


def save_kept(request: HttpRequest, sitting: Sitting, fields: pending_answers.Fields) -> None:
    try:
        attempts.save_responses(sitting.attempt, read_answers(fields), at=timezone.now())
    except attempts.AttemptClosed:
        messages.warning(
            request, _("The answers you gave before signing in came too late: this attempt was closed meanwhile.")
        )
    except attempts.InvalidAnswer as refusal:
        messages.error(request, str(refusal))
    else:
        messages.success(request, _("The answers you gave before signing in have been saved."))


def questions_page(
    request: HttpRequest, sitting: Sitting, *, notice: Mapping[str, str] | None = None, status: int = 200
) -> HttpResponse:
    questions = served_questions(sitting.attempt, saved_responses(sitting.attempt), zone=sitting.place.zone)
    context = {
        "quiz": {"title": sitting.place.activity.title, "facts": attempt_facts(sitting.place, sitting.attempt)},
        "crumbs": sitting.place.crumbs(),
        "action_url": sitting.url(),
        "questions": questions,
        "total": len(questions),
        "answered": sum(bool(one["answers"]) for one in questions),
        "time": time_of(sitting),
        "notice": notice,
    }
    return render(request, "courses/attempt.html", context, status=status)


def saved_responses(attempt: Attempt) -> dict[int, Response]:
    return {response.version_id: response for response in Response.objects.filter(attempt=attempt)}


def versions_of(attempt: Attempt) -> dict[int, QuestionVersion]:
    return QuestionVersion.objects.in_bulk([question["version"] for question in attempt.served])


def served_questions(
    attempt: Attempt, saved: Mapping[int, Response], *, zone: str | None = None
) -> list[dict[str, Any]]:
    """The questions in the order served, with what is saved. Nothing here tells a right option from a wrong one."""
    versions = versions_of(attempt)
    return [
        served_question(number, question, versions[question["version"]], saved.get(question["version"]), zone=zone)
        for number, question in enumerate(attempt.served, start=1)
    ]


def served_question(
    number: int, question: Mapping[str, Any], version: QuestionVersion, response: Response | None, *, zone: str | None
) -> dict[str, Any]:
    texts = {option["id"]: option["text"] for option in version.options}
    chosen: Collection[str] = response.chosen if response else ()
    is_multiple = version.kind == QuestionKind.MULTIPLE
    return {
        "number": number,
        "id": f"soal-{number}",
        "version": version.pk,
        "name": field_name(version.pk),
        "legend": version.text,
        "hint": _("More than one answer may be right.") if is_multiple else "",
        "kind": "checkbox" if is_multiple else "radio",
        "options": [
            {"value": option, "label": texts[option], "checked": option in chosen} for option in question["options"]
        ],
        "answers": [texts[option] for option in question["options"] if option in chosen],
        "state": "saved" if chosen else "todo",
        "state_label": saved_label(clock(response.saved_at, zone)) if response and chosen else _("Not answered yet"),
    }


def saved_label(moment: str) -> str:
    return _("Saved %(moment)s") % {"moment": moment}


def time_of(sitting: Sitting) -> dict[str, Any] | None:
    seconds = seconds_left(sitting.attempt)
    if seconds is None:
        return None
    return {
        "seconds": seconds,
        "left": time_words(seconds),
        "ends": clock(sitting.attempt.deadline_at, sitting.place.zone),
    }
