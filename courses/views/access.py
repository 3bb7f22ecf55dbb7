"""What a learner may open: own rows only, and plain words for everything else."""

from __future__ import annotations

import logging
from collections.abc import Callable
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from functools import cached_property, wraps
from typing import Any
from uuid import UUID

from django.contrib.auth.views import redirect_to_login
from django.core.cache import cache
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from academy.pages.caching import content_version
from academy.pages.refusals import not_allowed
from courses.enrolment import RunNotOpen, Withdrawn, check_run_has_begun
from courses.models import Course, CoursePage, Enrolment
from courses.outline import Outline, OutlineActivity, outline_of
from courses.progress import ActivityLocked, NotInEdition, check_open, done_activities
from courses.standing import Standing, activity_url

logger = logging.getLogger(__name__)
View = Callable[..., HttpResponse]
KEEP_ADDRESS_SECONDS = 60 * 60


def ask_to_sign_in(request: HttpRequest, **kwargs: Any) -> HttpResponse:
    """After signing in, a page is opened again; a press of a button leads to the page with the button."""
    back = request.path
    if request.method == "POST" and "enrolment" in kwargs:
        where = "activity" if "activity" in kwargs else "enrolment"
        back = reverse(where, kwargs={key: kwargs[key] for key in ("enrolment", "activity") if key in kwargs})
    elif request.method == "POST" and "course_key" in kwargs:
        back = course_page_url(get_object_or_404(Course, key=kwargs["course_key"]).pk)
    return redirect_to_login(back)


def personal(*methods: str, signed_out: View = ask_to_sign_in) -> Callable[[View], View]:
    """A page of the person who is signed in: kept by nobody, opened with these methods only.

    A refusal by an action becomes a page that says what to do; nothing was changed then.
    """

    def decorate(view: View) -> View:
        @wraps(view)
        def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
            if request.method not in methods and not (request.method == "HEAD" and "GET" in methods):
                return not_allowed(request, methods)
            if not request.user.is_authenticated:
                return signed_out(request, *args, **kwargs)
            try:
                response = view(request, *args, **kwargs)
            except ActivityLocked as refusal:
                response = _locked(request, refusal, **kwargs)
            except NotInEdition as refusal:
                raise Http404 from refusal
            except Withdrawn:
                response = _withdrawn(request, **kwargs)
            except RunNotOpen as refusal:
                response = _run_not_open(request, refusal, **kwargs)
            response.headers["Cache-Control"] = "private, no-store"
            return response

        return guarded

    return decorate


def own_enrolment(request: HttpRequest, enrolment: int) -> Enrolment:
    """The enrolment, if it is the reader's own; 404 otherwise. Withdrawn if they left the course."""
    row = get_object_or_404(Enrolment.objects.select_related("run"), pk=enrolment, person=request.user.pk)
    if row.withdrawn_at is not None:
        raise Withdrawn(_("You have left this course."))
    return row


@dataclass
class Place:
    """Where a learner stands: in which enrolment, at which activity of its edition, and what is done."""

    enrolment: Enrolment
    outline: Outline
    activity: OutlineActivity

    @cached_property
    def standing(self) -> Standing:
        return Standing(self.enrolment, self.outline, done_activities(self.enrolment))

    @property
    def done(self) -> AbstractSet[UUID]:
        return self.standing.done

    @property
    def zone(self) -> str | None:
        """The time zone that moments are shown in: the agency's."""
        return self.enrolment.agency.time_zone if self.enrolment.agency else None

    def url(self, name: str = "activity", **kwargs: Any) -> str:
        return reverse(name, args=[self.enrolment.pk, self.activity.activity, *kwargs.values()])

    def url_of(self, activity: OutlineActivity) -> str:
        return activity_url(self.enrolment, activity)

    def url_after(self) -> str:
        """Where to go on from here: the next activity, at the end whatever is still open, or the course's result."""
        following = self.outline.after(self.activity)
        return self.url_of(following) if following else self.standing.url_to_go_on()

    def crumbs(self) -> list[dict[str, str]]:
        module = self.outline.module_of(self.activity)
        return [
            {"label": self.outline.title, "url": course_url(self.outline)},
            {"label": _("Module %(number)s") % {"number": module.position}, "url": self.url_of(module.activities[0])},
        ]


def find_place(request: HttpRequest, enrolment: int, activity: UUID) -> Place:
    """An activity of one's own enrolment, open or not. 404 if there is none."""
    row = own_enrolment(request, enrolment)
    outline = outline_of(row.edition_id)
    found = outline.find(activity)
    if found is None:
        raise Http404
    return Place(row, outline, found)


def open_place(request: HttpRequest, enrolment: int, activity: UUID) -> Place:
    """The same, but ActivityLocked if another activity comes first, and RunNotOpen before the run begins."""
    place = find_place(request, enrolment, activity)
    check_run_has_begun(place.enrolment.run, today=timezone.localdate())
    check_open(place.outline, activity, place.done)
    return place


def course_url(outline: Outline) -> str:
    return course_page_url(outline.course_id)


def course_page_url(course_id: int) -> str:
    """The course's page in the catalogue; the list of one's own courses if it has none any more."""
    key = f"course-url:{content_version()}:{course_id}"
    kept: str | None = cache.get(key)
    if kept is None:
        page = CoursePage.objects.live().filter(course=course_id).first()
        kept = (page.get_url() if page else None) or reverse("my_learning")
        cache.set(key, kept, KEEP_ADDRESS_SECONDS)
    return kept


def refuse(request: HttpRequest, *, status: int, title: str, text: str, **action: Any) -> HttpResponse:
    """A page that says what is not possible and what is; `action`: url, label, post (true for a button)."""
    return render(request, "courses/refusal.html", {"title": title, "text": text, "action": action}, status=status)


def _locked(request: HttpRequest, refusal: ActivityLocked, *, enrolment: int, **kwargs: Any) -> HttpResponse:
    logger.warning("refused: %s %s is not open yet, person %s", request.method, request.path, request.user.pk)
    return refuse(
        request,
        status=403,
        title=_("This activity is not open yet"),
        text=_("The activities of this course go in order. %(sentence)s") % {"sentence": refusal},
        url=reverse("activity", args=[enrolment, refusal.first.activity]),
        label=_("Go to %(number)s") % {"number": refusal.first.number},
    )


def _run_not_open(request: HttpRequest, refusal: RunNotOpen, *, enrolment: int, **kwargs: Any) -> HttpResponse:
    row = get_object_or_404(Enrolment.objects.select_related("run"), pk=enrolment, person=request.user.pk)
    return refuse(
        request,
        status=403,
        title=row.run.name,
        text=str(refusal),
        url=course_page_url(row.run.course_id),
        label=_("About this course"),
    )


def _withdrawn(request: HttpRequest, *, enrolment: int, **kwargs: Any) -> HttpResponse:
    row = get_object_or_404(Enrolment.objects.select_related("run__course"), pk=enrolment, person=request.user.pk)
    if row.run.course.archived_at is not None:
        return refuse(
            request,
            status=404,
            title=_("You have left this course"),
            text=_('What you did in "%(course)s" is kept. The course is archived: nobody can join it again.')
            % {"course": row.run.course.title},
            url=reverse("my_learning"),
            label=_("Back to my learning"),
        )
    return refuse(
        request,
        status=404,
        title=_("You have left this course"),
        text=_('What you did in "%(course)s" is kept. Join again to go on where you stopped.')
        % {"course": row.run.course.title},
        url=reverse("enrol", args=[row.run.course.key]),
        label=_("Join again"),
        post=True,
    )
