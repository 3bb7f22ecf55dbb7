"""What a draft shows in the preview of the CMS: the learner's own page, without anything to press."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from django.http import HttpRequest
from django.utils.safestring import mark_safe
from django.utils.translation import gettext as _
from wagtail.models import Page

from academy.pages.templatetags.formats import score
from courses.checklist import drafts_of
from courses.course_facts import contents, facts
from courses.models import ActivityKind, CoursePage, LessonPage, ModulePage, Question, QuestionKind, QuizPage
from courses.outline import Outline, OutlineActivity, OutlineModule, render_blocks


def course_preview(page: CoursePage, request: HttpRequest) -> dict[str, Any]:
    """Context of `courses/course_page.html`: the page as it is written, with the newest drafts as its contents."""
    outline = draft_outline(page)
    unused = dict.fromkeys(("action", "progress", "completed", "runs", "prerequisites", "is_archived", "history_url"))
    shown = {"outline": outline if outline.modules else None, "facts": facts(page, outline), **contents(outline)}
    return {**page.get_context(request), **shown, **unused}


def module_preview(page: ModulePage) -> dict[str, Any]:
    """Context of `courses/module_preview.html`: the module as learners meet it in the contents of their course."""
    course_page = _course_page(page)
    here = {"number": 1, "title": page.title}
    rows = contents(draft_outline(course_page))["modules"]
    for number, module in enumerate(drafts_of(course_page).modules, start=1):
        if module.pk == page.pk:
            here |= {"number": number, "activities": rows[number - 1]["items"], "counts": rows[number - 1]["summary"]}
        elif page.pk is None:
            here["number"] = number + 1
    return {"course": course_page.title, "summary": page.summary, "module": here}


def draft_outline(page: CoursePage) -> Outline:
    """What the outline of an edition would be if it were made of what authors wrote last."""
    drafts = drafts_of(page)
    course = page.course
    modules: list[OutlineModule] = []
    for position, module in enumerate(drafts.modules, start=1):
        activities = tuple(
            _activity(one, number=f"{position}.{place}", pass_mark=course.pass_mark, module=position)
            for place, one in enumerate(drafts.activities_of(module), start=1)
        )
        modules.append(OutlineModule(module.pk, position, module.title, module.summary, Decimal(0), activities))
    return Outline(
        edition_id=0,
        course_id=course.pk,
        course_key=course.key,
        number="",
        title=page.title,
        credit_hours=course.credit_hours,
        pass_mark=course.pass_mark,
        sequential=course.sequential,
        validity_months=course.validity_months,
        modules=tuple(modules),
    )


def _activity(page: Any, *, number: str, pass_mark: Decimal, module: int) -> OutlineActivity:
    is_quiz = isinstance(page, QuizPage)
    return OutlineActivity(
        pk=page.pk,
        activity=page.activity,
        position=0,
        number=number,
        kind=ActivityKind.QUIZ if is_quiz else ActivityKind.LESSON,
        title=page.title,
        summary=page.summary,
        minutes=page.test_minutes or 0 if is_quiz else (page.reading_minutes or 0) + (page.practice_minutes or 0),
        question_count=page.question_count or 0 if is_quiz else 0,
        pass_mark=pass_mark,
        max_attempts=page.max_attempts or 0 if is_quiz else 0,
        time_limit_minutes=page.time_limit_minutes if is_quiz else None,
        is_post_test=page.is_post_test if is_quiz else False,
        module_position=module,
    )


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


def question_preview(question: Question) -> dict[str, Any]:
    """Context of `courses/question_preview.html`: the question as it is typed, saved or not."""
    options = list(question.options.all())
    is_multiple = question.kind == QuestionKind.MULTIPLE
    return {
        "question": {
            "legend": question.text,
            "hint": _("More than one answer may be right.") if is_multiple else "",
            "kind": "checkbox" if is_multiple else "radio",
            "options": [{"value": number, "label": option.text} for number, option in enumerate(options)],
            "correct": [option.text for option in options if option.is_correct],
            "explanation": question.explanation,
        }
    }


def _course_page(page: Page) -> CoursePage:
    found: CoursePage = CoursePage.objects.ancestor_of(page).get()
    return found
