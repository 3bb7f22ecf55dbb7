"""The first page of the CMS: the courses one writes, and what waits to be read."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.db.models import Count, Q
from django.http import HttpRequest
from django.utils import timezone
from wagtail.admin.ui.components import Component
from wagtail.models import Page

from academy.people.models import Person
from courses.legal_desk import references_to_review
from courses.models import Course, CoursePage, Edition, EditionProposal
from courses.proposals import proposals_to_read
from courses.trainers import own_rows

SHOWN = 20


class OwnCourses(Component):
    """What waits for oneself first, then the own courses with their state. Eight queries, however many courses."""

    template_name = "courses/cms/own_courses.html"
    order = 100

    def __init__(self, person: Person) -> None:
        self.person = person

    def get_context_data(self, parent_context: Mapping[str, Any]) -> dict[str, Any]:
        at = timezone.now()
        courses = own_rows(Course, self.person, at=at).order_by("archived_at", "code")
        return {
            "proposals": _with_pages(list(proposals_to_read(self.person, at=at)[:SHOWN])),
            "courses": _rows(list(courses.annotate(open_runs=_open_runs())[:SHOWN])),
            "more": courses.count() > SHOWN,
            "may_add": self.person.has_perm("courses.add_course"),
            "to_review": len(references_to_review(on=timezone.localdate(at))),
        }


def put_own_courses_first(request: HttpRequest, panels: list[Component]) -> None:
    if isinstance(request.user, Person):
        panels.insert(0, OwnCourses(request.user))


def _open_runs() -> Count:
    return Count("runs", filter=Q(runs__number__isnull=False, runs__closed_at__isnull=True))


def _with_pages(proposals: list[EditionProposal]) -> list[dict[str, Any]]:
    pages = dict(CoursePage.objects.filter(course__in=[one.course_id for one in proposals]).values_list("course", "pk"))
    return [{"proposal": one, "page": pages.get(one.course_id)} for one in proposals]


def _rows(courses: list[Any]) -> list[dict[str, Any]]:
    pages = {page.course_id: page for page in CoursePage.objects.filter(course__in=courses)}
    drafts = _draft_paths(list(pages.values()))
    newest: dict[int, Edition] = {}
    for edition in Edition.objects.filter(course__in=courses).newest_first():
        newest.setdefault(edition.course_id, edition)
    waiting = set(EditionProposal.objects.waiting().filter(course__in=courses).values_list("course", flat=True))
    return [
        {
            "course": course,
            "page": page.pk if (page := pages.get(course.pk)) else None,
            "edition": newest.get(course.pk),
            "drafts": sum(path.startswith(page.path) for path in drafts) if page else 0,
            "is_waiting": course.pk in waiting,
        }
        for course in courses
    ]


def _draft_paths(pages: list[CoursePage]) -> list[str]:
    """Where the pages stand that hold something unpublished."""
    below = Q(pk__in=[])
    for page in pages:
        below |= Q(path__startswith=page.path)
    return list(Page.objects.filter(below, has_unpublished_changes=True).values_list("path", flat=True))
