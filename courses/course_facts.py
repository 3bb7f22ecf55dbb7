"""What the page of a course says, to anybody and to the learner who is in it."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from itertools import groupby
from operator import attrgetter
from typing import Any
from uuid import UUID

from django.contrib.auth.models import AnonymousUser
from django.http import HttpRequest
from django.shortcuts import resolve_url
from django.urls import reverse
from django.utils import timezone
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from academy.pages.templatetags.formats import day, score
from academy.people.models import Person
from courses.catalogue import LEVEL, activities_text, minutes_text, modules_text
from courses.enrolment import enrolment_that_counts
from courses.models import Completion, Course, CoursePage, Edition, Enrolment, LegalReference, Level
from courses.outline import Outline, OutlineActivity, OutlineModule, outline_of
from courses.progress import done_activities, next_activity


@dataclass(frozen=True)
class Standing:
    """How far the reader is: the enrolment that counts now (None: the course may be taken), and what is done in it."""

    enrolment: Enrolment | None = None
    done: set[UUID] = field(default_factory=set)
    completed_before: bool = False

    @property
    def is_learning(self) -> bool:
        return self.enrolment is not None and self.enrolment.completed_at is None


def standing_of(person: Person | AnonymousUser, course: Course, *, at: datetime) -> Standing:
    if not isinstance(person, Person):
        return Standing()
    enrolment = enrolment_that_counts(person, course, at=at)
    if enrolment is None:
        return Standing(completed_before=Completion.objects.filter(person=person, course=course).exists())
    return Standing(enrolment, done_activities(enrolment))


def course_context(page: CoursePage, request: HttpRequest) -> dict[str, Any]:
    """What `courses/course_page.html` shows. A learner sees the edition that he or she is in, others the newest."""
    standing = standing_of(request.user, page.course, at=timezone.now())
    newest = Edition.objects.filter(course=page.course_id).newest_first().first()
    edition = standing.enrolment.edition_id if standing.enrolment and standing.is_learning else newest
    outline = outline_of(edition) if edition else None
    catalog = page.get_parent()
    level = {LEVEL: page.course.level}
    references = list(page.legal_references.select_related("superseded_by").order_by("regulation", "article"))
    return {
        "course": {"title": page.title, "summary": page.summary, "outcomes": page.outcome_list()},
        "crumbs": [
            {"label": _("Catalogue"), "url": catalog.get_url(request)},
            {
                "label": _("%(level)s level") % {"level": Level(page.course.level).label},
                "url": f"{catalog.get_url(request)}?{urlencode(level)}",
            },
        ],
        "outline": outline,
        "facts": _facts(page, outline),
        "legal": _legal(references),
        "legal_note": _legal_note(references, newest),
        **(_learning(page, outline, standing, request) if outline else {}),
    }


def _learning(page: CoursePage, outline: Outline, standing: Standing, request: HttpRequest) -> dict[str, Any]:
    here = next_activity(outline, standing.done)
    context: dict[str, Any] = {
        "contents_summary": " · ".join(
            [
                modules_text(len(outline.modules)),
                activities_text(len(outline.activities)),
                minutes_text(outline.minutes),
            ]
        ),
        "modules": [_module(module, outline, standing, here) for module in outline.modules],
    }
    enrolment = standing.enrolment
    if enrolment is not None and standing.is_learning:
        context["progress"] = {
            "done": sum(one.activity in standing.done for one in outline.activities),
            "total": len(outline.activities),
            "next_title": f"{here.number} {here.title}" if here else "",
        }
        url = _activity_url(enrolment, here) if here else reverse("enrolment", args=[enrolment.pk])
        context["action"] = {"url": url, "label": _("Continue") if standing.done else _("Begin")}
    elif enrolment is not None:
        context["completed"] = {
            "score": score(enrolment.score),
            "url": reverse("enrolment", args=[enrolment.pk]),
        }
    elif isinstance(request.user, Person):
        label = _("Take this course again") if standing.completed_before else _("Take this course")
        context["action"] = {"url": reverse("enrol", args=[page.course.key]), "label": label, "post": True}
    else:
        sign_in = f"{resolve_url('account_login')}?{urlencode({'next': page.get_url(request)})}"
        context["action"] = {"url": sign_in, "label": _("Sign in to take this course")}
    return context


def _module(
    module: OutlineModule, outline: Outline, standing: Standing, here: OutlineActivity | None
) -> dict[str, Any]:
    total = len(module.activities)
    done = sum(one.activity in standing.done for one in module.activities)
    summary = activities_text(total)
    state = label = ""
    if standing.is_learning:
        summary = ngettext(
            "%(done)d of %(total)d activity completed", "%(done)d of %(total)d activities completed", total
        ) % {"done": done, "total": total}
        if done == total:
            state, label = "done", _("Completed")
        elif done or (here in module.activities and standing.done):
            state, label = "running", _("In progress")
        else:
            state, label = "todo", _("Not started")
    return {
        "title": _("Module %(number)d. %(title)s") % {"number": module.position, "title": module.title},
        "summary": f"{summary} · {minutes_text(module.minutes)}",
        "state": state,
        "state_label": label,
        # A learner sees the module where he or she is, a stranger the first one.
        "open": here in module.activities if standing.is_learning else module.position == 1,
        "items": [_item(activity, outline, standing, here) for activity in module.activities],
    }


def _item(
    activity: OutlineActivity, outline: Outline, standing: Standing, here: OutlineActivity | None
) -> dict[str, Any]:
    state = "todo"
    url = None
    meta = [quiz_text(activity) if activity.is_quiz else _("Lesson"), minutes_text(activity.minutes)]
    if standing.enrolment is not None and standing.is_learning:
        if activity.activity in standing.done:
            state = "done"
            meta.append(_("Completed"))
        elif activity == here:
            state = "here"
            meta.append(_("You are here"))
        if state != "todo" or not outline.sequential:
            url = _activity_url(standing.enrolment, activity)
    return {"title": f"{activity.number} {activity.title}", "state": state, "meta": " · ".join(meta), "url": url}


def quiz_text(activity: OutlineActivity) -> str:
    """For example: 15 questions, pass mark 70."""
    count = activity.question_count or 0
    questions = ngettext("%(count)d question", "%(count)d questions", count) % {"count": count}
    return _("%(questions)s, pass mark %(mark)s") % {"questions": questions, "mark": score(activity.pass_mark)}


def _activity_url(enrolment: Enrolment, activity: OutlineActivity) -> str:
    return reverse("activity", args=[enrolment.pk, activity.activity])


def _facts(page: CoursePage, outline: Outline | None) -> list[dict[str, str]]:
    facts = []
    if outline is not None:
        hours = _("%(hours)d JP (%(minutes)s)") % {
            "hours": outline.credit_hours,
            "minutes": minutes_text(outline.minutes),
        }
        facts.append({"label": _("Weight"), "value": hours})
    facts += [
        {"label": _("Level"), "value": str(Level(page.course.level).label)},
        {"label": _("Participants"), "value": page.audience},
    ]
    if outline is not None:
        mark = _("Lowest score %(mark)s") % {"mark": score(outline.pass_mark)}
        facts.append({"label": _("Passing"), "value": mark})
    facts.append({"label": _("Organiser"), "value": page.course.organiser.short_name})
    if page.trainer:
        facts.append({"label": _("Trainer"), "value": page.trainer})
    return facts


def _legal(references: list[LegalReference]) -> list[dict[str, Any]]:
    """The references by regulation, so that its long name stands there once."""
    return [
        {"regulation": regulation, "references": list(group)}
        for regulation, group in groupby(references, key=attrgetter("regulation"))
    ]


def _legal_note(references: list[LegalReference], edition: Edition | None) -> str:
    if not references:
        return ""
    checked = _("Checked as of %(day)s") % {"day": day(min(reference.as_of_on for reference in references))}
    return _("%(checked)s, edition %(number)s") % {"checked": checked, "number": edition.number} if edition else checked
