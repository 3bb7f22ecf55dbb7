"""What the page of a course says, to anybody and to the learner who is in it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime
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
from courses.content import validity_text
from courses.deadlines import due
from courses.enrolment import day_of, enrolment_that_counts, missing_prerequisites
from courses.models import Completion, Course, CoursePage, Edition, Enrolment, LegalReference, Level, Run
from courses.outline import Outline, OutlineActivity, OutlineModule, outline_of
from courses.progress import done_activities
from courses.runs import runs_to_join
from courses.standing import Standing
from courses.switching import switch_link


@dataclass(frozen=True)
class Reader:
    """How far the reader is: the enrolment that counts now (None: the course may be taken), and what is done in it."""

    enrolment: Enrolment | None = None
    done: set[UUID] = field(default_factory=set)
    completed_before: bool = False

    @property
    def is_learning(self) -> bool:
        return self.enrolment is not None and self.enrolment.completed_at is None


def reader_of(person: Person | AnonymousUser, course: Course, *, at: datetime) -> Reader:
    if not isinstance(person, Person):
        return Reader()
    enrolment = enrolment_that_counts(person, course, at=at)
    if enrolment is None:
        return Reader(completed_before=Completion.objects.filter(person=person, course=course).exists())
    return Reader(enrolment, done_activities(enrolment))


def course_context(page: CoursePage, request: HttpRequest) -> dict[str, Any]:
    """What `courses/course_page.html` shows. A learner sees the edition that he or she is in, others the newest."""
    reader = reader_of(request.user, page.course, at=timezone.now())
    newest = Edition.objects.filter(course=page.course_id).newest_first().first()
    edition = reader.enrolment.edition_id if reader.enrolment and reader.is_learning else newest
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
        "facts": facts(page, outline),
        "legal": _legal(references),
        "legal_note": _legal_note(references, newest),
        **(_learning(page, outline, reader, request, newest) if outline else {}),
    }


def _learning(
    page: CoursePage, outline: Outline, reader: Reader, request: HttpRequest, newest: Edition | None
) -> dict[str, Any]:
    enrolment = reader.enrolment
    standing = Standing(enrolment, outline, reader.done) if enrolment is not None and reader.is_learning else None
    context: dict[str, Any] = {
        **contents(outline, standing),
        "history_url": reverse("edition_history", args=[page.course.key]),
    }
    if standing is not None:
        here = standing.following
        context["progress"] = {
            "done": standing.done_count,
            "total": len(outline.activities),
            "next_title": f"{here.number} {here.title}" if here else "",
            "newer": switch_link(standing.enrolment, newest),
            **due(standing.enrolment, today=timezone.localdate()),
        }
        label = _("Continue") if standing.done else _("Begin")
        context["action"] = {"url": standing.url_to_go_on(), "label": label}
    elif enrolment is not None:
        context["completed"] = {
            "score": score(enrolment.score),
            "url": reverse("enrolment", args=[enrolment.pk]),
        }
    elif page.course.archived_at is not None:
        context["is_archived"] = True
    elif isinstance(request.user, Person):
        context |= _joining(page.course, request.user, again=reader.completed_before)
    else:
        sign_in = f"{resolve_url('account_login')}?{urlencode({'next': page.get_url(request)})}"
        context["action"] = {"url": sign_in, "label": _("Sign in to take this course")}
    return context


def contents(outline: Outline, standing: Standing | None = None) -> dict[str, Any]:
    """The table of contents of a course, without `standing` as a stranger sees it."""
    counted = [
        modules_text(len(outline.modules)),
        activities_text(len(outline.activities)),
        minutes_text(outline.minutes),
    ]
    return {
        "contents_summary": " · ".join(counted),
        "modules": [_module(module, standing) for module in outline.modules],
    }


def _joining(course: Course, person: Person, *, again: bool) -> dict[str, Any]:
    """What somebody may press who is not in the course: at any time, in a run, or first another course."""
    missing = missing_prerequisites(person, course)
    if missing:
        links = [{"title": one.title, "url": page.get_url() if page else ""} for one, page in _with_pages(missing)]
        return {"prerequisites": links}
    on = day_of(course, timezone.now())
    done = _runs_done(person, course) if again else []
    at_any_time = course.self_paced and not any(run.is_self_paced and run.year == on.year for run in done)
    runs = [
        {"pk": run.pk, "name": run.name, "days": f"{day(run.opens_on)} – {day(run.closes_on)}"}
        for run in runs_to_join([course], on=on)
        if run not in done
    ]
    if done and not (at_any_time or runs):
        return {"action": None, "later": _later(course, on)}
    action = {
        "url": reverse("enrol", args=[course.key]),
        "label": _("Take this course again") if again else _("Take this course"),
        "post": True,
        "at_any_time": at_any_time,
    }
    return {"action": action if at_any_time or runs else None, "runs": runs}


def _runs_done(person: Person, course: Course) -> list[Run]:
    """The runs that this person finished: a retake is another one."""
    finished = Enrolment.objects.filter(person=person, run__course=course, completed_at__isnull=False)
    return [enrolment.run for enrolment in finished.select_related("run")]


def _later(course: Course, on: date) -> str:
    """When somebody who finished the course may take it again, where that is not now."""
    if course.self_paced:
        first = day(date(on.year + 1, 1, 1))
        return _("You finished this course this year. You can take it again from %(day)s.") % {"day": first}
    return _("You finished this course. You can take it again when the next run is announced.")


def _with_pages(courses: Iterable[Course]) -> list[tuple[Course, CoursePage | None]]:
    pages = {page.course_id: page for page in CoursePage.objects.live().filter(course__in=courses)}
    return [(course, pages.get(course.pk)) for course in courses]


def _module(module: OutlineModule, standing: Standing | None) -> dict[str, Any]:
    total = len(module.activities)
    summary = activities_text(total)
    state = label = ""
    if standing is not None:
        done = standing.done_among(module.activities)
        summary = ngettext(
            "%(done)d of %(total)d activity completed", "%(done)d of %(total)d activities completed", total
        ) % {"done": done, "total": total}
        if done == total:
            state, label = "done", _("Completed")
        elif done or (standing.following in module.activities and standing.done):
            state, label = "running", _("In progress")
        else:
            state, label = "todo", _("Not started")
    return {
        "title": _("Module %(number)d. %(title)s") % {"number": module.position, "title": module.title},
        "summary": f"{summary} · {minutes_text(module.minutes)}",
        "state": state,
        "state_label": label,
        # A learner sees the module where he or she is, a stranger the first one.
        "open": standing.following in module.activities if standing else module.position == 1,
        "items": [_item(activity, standing) for activity in module.activities],
    }


def _item(activity: OutlineActivity, standing: Standing | None) -> dict[str, Any]:
    state = standing.state_of(activity) if standing else "todo"
    meta = [quiz_text(activity) if activity.is_quiz else _("Lesson"), minutes_text(activity.minutes)]
    if state == "done":
        meta.append(_("Completed"))
    elif state == "here":
        meta.append(_("You are here"))
    return {
        "title": f"{activity.number} {activity.title}",
        "state": state,
        "meta": " · ".join(meta),
        "url": standing.url_if_open(activity) if standing else "",
    }


def quiz_text(activity: OutlineActivity) -> str:
    """For example: 15 questions, pass mark 70."""
    count = activity.question_count
    questions = ngettext("%(count)d question", "%(count)d questions", count) % {"count": count}
    return _("%(questions)s, pass mark %(mark)s") % {"questions": questions, "mark": score(activity.pass_mark)}


def facts(page: CoursePage, outline: Outline | None) -> list[dict[str, str]]:
    rows = []
    if outline is not None:
        hours = _("%(hours)d JP (%(minutes)s)") % {
            "hours": outline.credit_hours,
            "minutes": minutes_text(outline.minutes),
        }
        rows.append({"label": _("Weight"), "value": hours})
    rows += [
        {"label": _("Level"), "value": str(Level(page.course.level).label)},
        {"label": _("Participants"), "value": page.audience},
    ]
    if outline is not None:
        mark = _("Lowest score %(mark)s") % {"mark": score(outline.pass_mark)}
        rows.append({"label": _("Passing"), "value": mark})
        if outline.validity_months:
            rows.append({"label": _("Certificate"), "value": validity_text(outline.validity_months)})
    rows.append({"label": _("Organiser"), "value": page.course.organiser.short_name})
    if page.trainer:
        rows.append({"label": _("Trainer"), "value": page.trainer})
    return rows


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
