"""The front door: where to go on, the way to the year's credit hours, and a box to check a certificate."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.core.cache import cache
from django.db.models import Exists, OuterRef
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from academy.pages.caching import cached_for_anonymous
from academy.pages.templatetags.formats import clock, day, grouped
from academy.people.models import Person
from academy.reports import facts
from certificates.models import Certificate
from courses.credit_hours import PNS_CREDIT_HOURS_A_YEAR, credit_hours
from courses.models import Completion, Course, Edition, Enrolment, Level
from courses.standing import standing_in

FIGURES_KEY = "home-figures"
FIGURES_SECONDS = 10 * 60


@cached_for_anonymous
def home(request: HttpRequest) -> HttpResponse:
    now = timezone.localtime()
    figures, as_of = _figures(now)
    context: dict[str, Any] = {
        "figures": figures,
        "as_of": f"{day(as_of)}, {clock(as_of)}",
        "catalogue_url": "/katalog/",
        "login_url": reverse("account_login"),
        "verify_url": reverse("verify"),
    }
    if request.user.is_authenticated:
        person = request.user
        context |= {"greeting": _greeting(person, now), "resume": _resume(person), "path": _own_path(person, now.year)}
        response = render(request, "dashboard/home.html", context)
        response.headers["Cache-Control"] = "private, no-store"
        return response
    return render(request, "dashboard/home.html", context | {"path": _path()})


def _greeting(person: Person, now: datetime) -> str:
    if now.hour < 11:
        return _("Good morning, %(name)s") % {"name": person.name}
    if now.hour < 15:
        return _("Good day, %(name)s") % {"name": person.name}
    if now.hour < 18:
        return _("Good afternoon, %(name)s") % {"name": person.name}
    return _("Good evening, %(name)s") % {"name": person.name}


def _resume(person: Person) -> dict[str, Any] | None:
    """The course in which something was done last; None when nothing is running."""
    enrolment = Enrolment.objects.running().filter(person=person).order_by("-started_at", "-enrolled_at").first()
    if enrolment is None:
        return None
    standing = standing_in(enrolment)
    outline, upcoming = standing.outline, standing.following
    if upcoming is None:
        return None
    return {
        "eyebrow": _("Course · %(hours)d JP") % {"hours": outline.credit_hours},
        "title": outline.title,
        "done": standing.done_count,
        "total": len(outline.activities),
        "next_label": _("Next, module %(number)d · %(minutes)d minutes")
        % {"number": upcoming.module_position, "minutes": upcoming.minutes},
        "next_title": f"{upcoming.number} {upcoming.title}",
        "url": standing.url_to_go_on(),
        "action": _("Continue with %(number)s") % {"number": upcoming.number},
    }


@dataclass(frozen=True)
class Step:
    """A course on the path, as `components/thread_progress.html` draws it."""

    title: str
    state: str
    meta: str
    url: str


def _basic_courses() -> list[Course]:
    """The courses every official is to take, as far as they are open."""
    has_edition = Exists(Edition.objects.filter(course=OuterRef("pk")))
    return list(Course.objects.offered().filter(has_edition, level=Level.BASIC, page__live=True).select_related("page"))


def _path() -> dict[str, Any]:
    courses = _basic_courses()
    return _path_context(courses, [_step(course, "todo", _("not started")) for course in courses])


def _own_path(person: Person, year: int) -> dict[str, Any]:
    courses = _basic_courses()
    finished = dict(
        Completion.objects.filter(person=person, course__in=courses)
        .order_by("completed_on")
        .values_list("course", "completed_on")
    )
    running = set(Enrolment.objects.running().filter(person=person).values_list("course", flat=True))
    steps = []
    for course in courses:
        if course.pk in finished:
            steps.append(_step(course, "done", _("completed %(day)s") % {"day": day(finished[course.pk])}))
        elif course.pk in running:
            steps.append(_step(course, "running", _("in progress")))
        else:
            steps.append(_step(course, "todo", _("not started")))
    context = _path_context(courses, steps)
    return context | {"earned": credit_hours(person, year=year), "target": PNS_CREDIT_HOURS_A_YEAR, "year": str(year)}


def _path_context(courses: list[Course], steps: list[Step]) -> dict[str, Any]:
    hours = sum(course.credit_hours for course in courses)
    return {
        "title": _("The basic path"),
        "remaining": ngettext(
            "%(count)d basic course, %(hours)d JP together, on the way to %(target)d JP a year.",
            "%(count)d basic courses, %(hours)d JP together, on the way to %(target)d JP a year.",
            len(courses),
        )
        % {"count": len(courses), "hours": hours, "target": PNS_CREDIT_HOURS_A_YEAR},
        "items": steps,
    }


def _step(course: Course, state: str, word: str) -> Step:
    meta = _("%(state)s · %(hours)d JP") % {"state": word[:1].upper() + word[1:], "hours": course.credit_hours}
    return Step(title=course.title, state=state, meta=meta, url=course.page.url)


def _figures(now: datetime) -> tuple[list[dict[str, str]], datetime]:
    """Counts of the whole academy with the moment they were taken; kept for some minutes, for everybody."""
    kept: tuple[int, int, int, datetime] | None = cache.get(FIGURES_KEY)
    if kept is None:
        learners = facts.enrolments(year=now.year, course=None).values("person").distinct().count()
        published = Certificate.objects.published().live().count()
        kept = (Edition.objects.values("course").distinct().count(), learners, published, now)
        cache.set(FIGURES_KEY, kept, FIGURES_SECONDS)
    courses, learners, published, as_of = kept
    figures = [
        {"value": grouped(courses), "note": _("courses open"), "url": "/katalog/"},
        {"value": grouped(learners), "note": _("learners in %(year)d") % {"year": as_of.year}},
        {"value": grouped(published), "note": _("certificates issued")},
    ]
    return figures, as_of
