"""Before a quiz: what is asked, what was tried, and the button that starts the clock."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from academy.pages.templatetags.formats import clock, day
from academy.pages.templatetags.formats import score as score_text
from courses import attempts
from courses.models import Attempt
from courses.views.access import Place, course_url, find_place, personal
from courses.views.time_left import time_words


def quiz_intro(request: HttpRequest, place: Place) -> HttpResponse:
    tried = list(attempts.attempts_of(place.enrolment, place.activity.activity, at=timezone.now()))
    running = next((attempt for attempt in tried if attempt.submitted_at is None), None)
    is_passed = any(attempt.passed for attempt in tried)
    used = attempts.AttemptsUsed(len(tried), place.activity.max_attempts)
    may_start = running is None and not is_passed and used.left != 0
    context = {
        "quiz": {"title": place.activity.title, "summary": place.activity.summary},
        "crumbs": place.crumbs(),
        "facts": quiz_facts(place, used),
        "attempts": [attempt_row(place, attempt) for attempt in tried if attempt.submitted_at is not None],
        "resume_url": place.url("attempt", number=running.number) if running else None,
        "resume_note": resume_note(running) if running else "",
        "start_url": place.url("start_attempt") if may_start else None,
        "is_passed": is_passed,
        "next_url": place.url_after() if is_passed else None,
        "back_url": course_url(place.outline),
    }
    return render(request, "courses/quiz_intro.html", context)


@personal("POST")
def start(request: HttpRequest, enrolment: int, activity: UUID) -> HttpResponse:
    place = find_place(request, enrolment, activity)
    try:
        attempt = attempts.start_attempt(place.enrolment, place.activity, at=timezone.now())
    except (attempts.NoAttemptsLeft, attempts.AlreadyPassed) as refusal:
        messages.warning(request, str(refusal))
        return redirect(place.url())
    return redirect(place.url("attempt", number=attempt.number))


def quiz_facts(place: Place, used: attempts.AttemptsUsed) -> list[dict[str, str]]:
    quiz = place.activity
    facts = [
        {"label": _("Questions"), "value": str(quiz.question_count)},
        {"label": _("Pass mark"), "value": score_text(quiz.pass_mark)},
        {
            "label": _("Time"),
            "value": time_words(quiz.time_limit_minutes * 60) if quiz.time_limit_minutes else _("No limit"),
        },
    ]
    left = _("%(left)s of %(allowed)s left") % {"left": used.left, "allowed": used.allowed}
    return [*facts, {"label": _("Attempts"), "value": left}]


def attempt_row(place: Place, attempt: Attempt) -> dict[str, Any]:
    """A finished attempt for the list."""
    return {
        "number": attempt.number,
        "finished_at": f"{day(attempt.submitted_at, place.zone)}, {clock(attempt.submitted_at, place.zone)}",
        "score": score_text(attempt.score),
        "state": "done" if attempt.passed else "todo",
        "state_label": _("Passed") if attempt.passed else _("Not passed"),
        "url": place.url("attempt_result", number=attempt.number),
    }


def resume_note(attempt: Attempt) -> str:
    seconds = seconds_left(attempt)
    return "" if seconds is None else _("%(time)s left.") % {"time": time_words(seconds)}


def seconds_left(attempt: Attempt) -> int | None:
    if attempt.deadline_at is None:
        return None
    return max(int((attempt.deadline_at - timezone.now()).total_seconds()), 0)


def attempt_facts(place: Place, attempt: Attempt) -> str:
    """ "5 questions · pass mark 70 · attempt 1 of 3" """
    total = len(attempt.served)
    pass_mark = attempts.pass_mark_of(attempt.edition_activity)
    parts = [
        ngettext("%(count)s question", "%(count)s questions", total) % {"count": total},
        _("pass mark %(score)s") % {"score": score_text(pass_mark)},
        attempt_number(place, attempt),
    ]
    return " · ".join(parts)


def attempt_number(place: Place, attempt: Attempt) -> str:
    return _("attempt %(number)s of %(allowed)s") % {
        "number": attempt.number,
        "allowed": place.activity.max_attempts,
    }
