"""An activity of a course: a lesson to read, or the door to a quiz."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from courses import progress
from courses.outline import rendered_body
from courses.views.access import Place, course_url, find_place, open_place, personal
from courses.views.contents import module_items
from courses.views.quiz import quiz_intro


@personal("GET")
def activity(request: HttpRequest, enrolment: int, activity: UUID) -> HttpResponse:
    place = open_place(request, enrolment, activity)
    if place.activity.is_quiz:
        return quiz_intro(request, place)
    return render(request, "courses/lesson.html", lesson_context(place))


@personal("POST")
def complete(request: HttpRequest, enrolment: int, activity: UUID) -> HttpResponse:
    """ "Done, go on": record the lesson and open the next activity."""
    place = find_place(request, enrolment, activity)
    progress.complete_lesson(place.enrolment, place.activity, at=timezone.now())
    if place.enrolment.completed_at is not None:
        return redirect("enrolment", enrolment=enrolment)
    following = place.outline.after(place.activity)
    return redirect(place.url_of(following)) if following else redirect("enrolment", enrolment=enrolment)


def lesson_context(place: Place) -> dict[str, Any]:
    outline, lesson = place.outline, place.activity
    module, before, following = outline.module_of(lesson), outline.before(lesson), outline.after(lesson)
    is_done = lesson.activity in place.done
    return {
        "course": {"title": outline.title, "url": course_url(outline)},
        "module": {
            "title": _("Module %(number)s. %(title)s") % {"number": module.position, "title": module.title},
            "position": _("Module %(number)s, activity %(place)s of %(total)s")
            % {
                "number": module.position,
                "place": module.activities.index(lesson) + 1,
                "total": len(module.activities),
            },
        },
        "items": module_items(place.standing, module, shown=lesson.activity),
        "done": place.standing.done_count,
        "total": len(outline.activities),
        "activity": {"title": lesson.title, "minutes": lesson.minutes, "done": is_done},
        "body": rendered_body(lesson.pk, get_language() or "id"),
        "previous": {"url": place.url_of(before), "label": f"{before.number} {before.title}"} if before else None,
        "complete_url": place.url("complete"),
        "next_url": place.url_after() if is_done else None,
        "next_label": _next_label(is_done, following.number if following else None),
    }


def _next_label(is_done: bool, number: str | None) -> str:
    if number is None:
        return _("Go on") if is_done else _("Done, finish")
    return (_("Go on to %(number)s") if is_done else _("Done, go on to %(number)s")) % {"number": number}
