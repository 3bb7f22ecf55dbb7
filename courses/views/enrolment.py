"""Joining a course, leaving it, and going on where one stopped."""

from __future__ import annotations

from typing import cast

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from academy.people.models import Person
from courses import enrolment as actions
from courses.models import Course, Run
from courses.outline import outline_of
from courses.standing import standing_in
from courses.views.access import course_page_url, course_url, own_enrolment, personal, refuse
from courses.views.contents import module_items


@personal("POST")
def enrol(request: HttpRequest, course_key: str) -> HttpResponse:
    course = get_object_or_404(Course.objects.select_related("organiser"), key=course_key)
    chosen = request.POST.get("run", "")
    run = None
    if chosen:
        run = get_object_or_404(Run, pk=chosen if chosen.isdecimal() and len(chosen) < 19 else None, course=course)
    try:
        enrolment = actions.enrol(cast(Person, request.user), course, at=timezone.now(), run=run)
    except actions.NotOpen as refusal:
        has_edition = course.editions.exists()
        return refuse(
            request,
            status=409,
            title=str(refusal),
            text=_("Choose another run or another course.")
            if has_edition
            else _("Its material is still being prepared. Choose another course meanwhile."),
            url=course_page_url(course.pk) if has_edition else reverse("my_learning"),
            label=_("About this course") if has_edition else _("Back to my learning"),
        )
    return redirect("enrolment", enrolment=enrolment.pk)


@personal("GET")
def enrolment(request: HttpRequest, enrolment: int) -> HttpResponse:
    """Lead to where the learner stopped; a finished course shows its result and all its activities."""
    row = own_enrolment(request, enrolment)
    standing = standing_in(row)
    outline = standing.outline
    if standing.following is not None and row.completed_at is None:
        return redirect(standing.url_to_go_on())
    return render(
        request,
        "courses/enrolment.html",
        {
            "enrolment": row,
            "outline": outline,
            "course": {"title": outline.title, "url": course_url(outline)},
            "modules": [{"title": module.title, "items": module_items(standing, module)} for module in outline.modules],
            "zone": row.agency.time_zone if row.agency else None,
        },
    )


@personal("GET", "POST")
def withdraw(request: HttpRequest, enrolment: int) -> HttpResponse:
    row = own_enrolment(request, enrolment)
    if row.completed_at is not None:
        return redirect("enrolment", enrolment=row.pk)
    outline = outline_of(row.edition_id)
    if request.method != "POST":
        is_archived = not Course.objects.offered().filter(pk=outline.course_id).exists()
        course = {"title": outline.title, "is_archived": is_archived}
        return render(request, "courses/withdraw.html", {"enrolment": row, "course": course})
    if not actions.withdraw(row, at=timezone.now()):  # it was finished in another window meanwhile
        messages.info(
            request, _('You have finished "%(course)s": a finished course is not left.') % {"course": outline.title}
        )
        return redirect("enrolment", enrolment=row.pk)
    messages.success(request, _('You have left "%(course)s". What you did is kept.') % {"course": outline.title})
    return redirect("my_learning")
