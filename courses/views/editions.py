"""The editions of a course: their history for everybody, and going on in the newest one for a learner."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from courses.models import Course
from courses.switching import CannotSwitch, editions_to_switch_to, switch_edition, switch_for
from courses.views.access import course_page_url, own_enrolment, personal


@require_safe
def history(request: HttpRequest, course_key: str) -> HttpResponse:
    """Every edition that was published, newest first, with what changed: nothing here is a draft."""
    course = get_object_or_404(Course.objects.filter(editions__isnull=False).distinct(), key=course_key)
    return render(
        request,
        "courses/edition_history.html",
        {
            "course": {"title": course.title, "url": course_page_url(course.pk)},
            "editions": list(course.editions.newest_first()),
            "zone": course.organiser.time_zone,
        },
    )


@personal("GET", "POST")
def switch(request: HttpRequest, enrolment: int) -> HttpResponse:
    """Ask, then go on in the newest edition; who is there already is led back to learning."""
    row = own_enrolment(request, enrolment)
    if request.method == "POST":
        try:
            edition = switch_edition(row, at=timezone.now())
        except CannotSwitch as refusal:
            messages.error(request, str(refusal))
        else:
            messages.success(request, _("You go on in edition %(number)s.") % {"number": edition.number})
        return redirect("enrolment", enrolment=row.pk)
    newest = editions_to_switch_to([row]).get(row.pk)
    if newest is None:
        return redirect("enrolment", enrolment=row.pk)
    return render(request, "courses/switch_edition.html", {"enrolment": row, "switch": switch_for(row, newest)})
