"""What a draft shows in the preview of the CMS: the learner's own page, without anything to press."""

from __future__ import annotations

from typing import Any

from django.utils.safestring import mark_safe
from django.utils.translation import gettext as _
from wagtail.models import Page

from academy.pages.templatetags.formats import score
from courses.models import CoursePage, LessonPage, QuizPage
from courses.outline import render_blocks


def lesson_preview(page: LessonPage) -> dict[str, Any]:
    """Context of `courses/lesson.html`."""
    module = page.get_parent()
    activities = list(module.get_children().order_by("path"))
    items = [
        {"title": one.title, "state": "here" if one.pk == page.pk else "todo", "current": one.pk == page.pk}
        for one in activities
    ]
    return {
        "course": {"title": _course_page(page).title, "url": None},
        "module": {"title": module.title, "position": module.title},
        "items": items,
        "done": 0,
        "total": len(items),
        "activity": {
            "title": page.title,
            "minutes": (page.reading_minutes or 0) + (page.practice_minutes or 0),
            "done": False,
        },
        "body": mark_safe(render_blocks(page.body)),  # noqa: S308  drawn by our block templates, which escape
    }


def quiz_preview(page: QuizPage) -> dict[str, Any]:
    """Context of `courses/quiz_intro.html`: what learners read before they begin, never a question."""
    course = _course_page(page).course
    facts = [
        {"label": _("Questions"), "value": page.question_count},
        {"label": _("Pass mark"), "value": score(course.pass_mark)},
        {"label": _("Attempts"), "value": page.max_attempts},
    ]
    if page.time_limit_minutes:
        facts.append({"label": _("Minutes"), "value": page.time_limit_minutes})
    return {
        "quiz": {"title": page.title, "summary": page.summary},
        "facts": facts,
        "attempts": [],
        "final": page.is_post_test,
        "back_url": _course_page(page).url,
    }


def _course_page(page: Page) -> CoursePage:
    found: CoursePage = CoursePage.objects.ancestor_of(page).get()
    return found
