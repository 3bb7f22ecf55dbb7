"""The pages of the CMS on which a course is copied or put away."""

from __future__ import annotations

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db import IntegrityError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods

from academy.people.models import Person
from courses import copying
from courses.models import Course, CoursePage, Enrolment
from courses.trainers import WRITERS, organisers_of, own_rows


class CopyForm(forms.ModelForm[Course]):
    class Meta:
        model = Course
        fields = ["title", "key", "code"]
        help_texts = {
            "key": gettext_lazy("Its address in the catalogue: small letters, digits and hyphens."),
            "code": gettext_lazy("Printed in the numbers of certificates. Another one than the old course has."),
        }


@require_http_methods(["GET", "HEAD", "POST"])
def copy_course_view(request: HttpRequest, course_id: int) -> HttpResponse:
    course, person = _course_to_write(request, course_id)
    title = _("%(title)s (copy)") % {"title": course.title}
    form = CopyForm(request.POST or None, initial={"title": title, "key": copying.suggested_key(course)})
    if request.method == "POST" and form.is_valid():
        try:
            made = copying.copy_course(course, **form.cleaned_data, by=person)
        except IntegrityError:
            form.add_error(None, _("Somebody took this key or code just now: choose another one."))
        else:
            messages.success(request, _("“%(title)s” is there, all its pages are drafts.") % {"title": made.title})
            page = CoursePage.objects.filter(course=made).first()
            return redirect("course_outline", page.pk) if page else redirect("wagtailsnippets_courses_course:list")
    context = {
        "course": course,
        "form": form,
        "page_title": _("Copy the course"),
        "page_subtitle": course.title,
        "header_icon": "copy",
    }
    return TemplateResponse(request, "courses/cms/copy_course.html", context, status=422 if form.errors else 200)


@require_http_methods(["GET", "HEAD", "POST"])
def archive_course_view(request: HttpRequest, course_id: int) -> HttpResponse:
    """Say what it means, then do what the button said: a second press changes nothing."""
    course, person = _course_to_write(request, course_id)
    title = {"title": course.title}
    if request.method == "POST":
        if request.POST.get("action") == "bring_back":
            copying.bring_back(course, by=person)
            messages.success(request, _("“%(title)s” is offered again.") % title)
        else:
            copying.archive(course, by=person, at=timezone.now())
            messages.success(request, _("“%(title)s” is archived: nobody new can join.") % title)
        return redirect("wagtailsnippets_courses_course:list")
    context = {
        "course": course,
        "running": Enrolment.objects.running().filter(run__course=course).count(),
        "page_title": _("Offer the course again") if course.archived_at else _("Archive the course"),
        "page_subtitle": course.title,
        "header_icon": "folder-inverse",
    }
    return TemplateResponse(request, "courses/cms/archive_course.html", context)


def _course_to_write(request: HttpRequest, course_id: int) -> tuple[Course, Person]:
    """A course of one's own organisers, 404 for any other, for those who write it."""
    person = request.user
    if not isinstance(person, Person):
        raise PermissionDenied
    at = timezone.now()
    course: Course = get_object_or_404(own_rows(Course, person, at=at).select_related("organiser"), pk=course_id)
    if not organisers_of(person, at=at, kinds=WRITERS).filter(pk=course.organiser_id).exists():
        raise PermissionDenied
    return course, person
