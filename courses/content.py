"""What a course teaches, read from its published pages or from an edition, in a form that can be compared."""

from __future__ import annotations

import hashlib
import json
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from uuid import UUID

from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from wagtail.blocks import StreamValue

from courses.models import (
    Course,
    CoursePage,
    Edition,
    EditionQuestion,
    LessonPage,
    ModulePage,
    Question,
    QuestionVersion,
    QuizPage,
)
from courses.models.edition import ActivityKind
from courses.models.questions import QuestionKind

MINUTES_PER_CREDIT_HOUR = 45


@dataclass(frozen=True)
class QuestionContent:
    """`options` are (text, is right), in the author's order."""

    question_id: int
    kind: str
    topic: str
    text: str
    options: tuple[tuple[str, bool], ...]
    explanation: str
    lesson: UUID | None

    @property
    def content_hash(self) -> str:
        parts = [self.kind, self.topic, self.text, self.options, self.explanation, str(self.lesson or "")]
        return hashlib.sha256(json.dumps(parts, ensure_ascii=False).encode()).hexdigest()

    def problem(self) -> str:
        """Why this question cannot be graded; empty if it can."""
        right = sum(is_correct for _text, is_correct in self.options)
        if self.kind == QuestionKind.SINGLE and right != 1:
            return _("Question “%(text)s” needs exactly one right option; it has %(right)d.") % {
                "text": self.text[:80],
                "right": right,
            }
        if right == 0 or len(self.options) < 2:
            return _("Question “%(text)s” needs at least two options and a right one.") % {"text": self.text[:80]}
        return ""


@dataclass(frozen=True)
class ActivityContent:
    """`body` is the StreamField as JSON. The quiz fields are null for a lesson, `questions` then empty."""

    activity: UUID
    kind: str
    title: str
    summary: str
    body: str
    minutes: int
    question_count: int | None = None
    pass_mark: Decimal | None = None
    max_attempts: int | None = None
    time_limit_minutes: int | None = None
    is_post_test: bool = False
    questions: tuple[QuestionContent, ...] = ()


@dataclass(frozen=True)
class ModuleContent:
    title: str
    summary: str
    activities: tuple[ActivityContent, ...]

    @property
    def minutes(self) -> int:
        return sum(activity.minutes for activity in self.activities)


@dataclass(frozen=True)
class CourseContent:
    title: str
    credit_hours: int
    pass_mark: Decimal
    sequential: bool
    validity_months: int | None
    modules: tuple[ModuleContent, ...]

    @property
    def activities(self) -> tuple[ActivityContent, ...]:
        return tuple(activity for module in self.modules for activity in module.activities)

    @property
    def minutes(self) -> int:
        return sum(module.minutes for module in self.modules)

    @property
    def minutes_needed(self) -> int:
        return self.credit_hours * MINUTES_PER_CREDIT_HOUR

    @property
    def content_hash(self) -> str:
        """The same for the same content, in every process."""
        return hashlib.sha256(repr(self).encode()).hexdigest()

    def problems(self) -> list[str]:
        """Why this cannot become an edition, in the author's words; empty if it can."""
        if not self.modules:
            return [_("The course has no published module.")]
        if not self.activities:
            return [_("The course has no published lesson or quiz.")]
        found = [
            _("Module “%(title)s” has no published lesson or quiz.") % {"title": module.title}
            for module in self.modules
            if not module.activities
        ]
        for activity in self.activities:
            found += _quiz_problems(activity)
        if self.minutes < self.minutes_needed:
            found.append(
                _(
                    "The activities take %(minutes)d minutes; %(hours)d JP need at least %(needed)d "
                    "(45 minutes each). Lower the credit hours or add activities."
                )
                % {"minutes": self.minutes, "hours": self.credit_hours, "needed": self.minutes_needed}
            )
        return found


def _quiz_problems(activity: ActivityContent) -> list[str]:
    if activity.kind != ActivityKind.QUIZ:
        return []
    found = [problem for question in activity.questions if (problem := question.problem())]
    if len(activity.questions) < (activity.question_count or 0):
        found.append(
            _("Quiz “%(title)s” draws %(drawn)d questions, but its bank has only %(live)d.")
            % {"title": activity.title, "drawn": activity.question_count, "live": len(activity.questions)}
        )
    return found


def published_content(course: Course) -> CourseContent | None:
    """What the published pages of the course say now; None if the course has no published page.

    A draft that was never published, and what was changed since the last publishing, is not in it.
    """
    page = CoursePage.objects.live().filter(course=course).first()
    if page is None:
        return None
    lessons = LessonPage.objects.descendant_of(page).live()
    quizzes = QuizPage.objects.descendant_of(page).live().select_related("bank")
    questions = _live_questions({quiz.bank_id for quiz in quizzes})
    by_module: dict[str, list[tuple[str, ActivityContent]]] = defaultdict(list)
    for lesson in lessons:
        by_module[lesson.path[: -lesson.steplen]].append((lesson.path, _lesson(lesson)))
    for quiz in quizzes:
        content = _quiz(quiz, course=course, questions=questions.get(quiz.bank_id, ()))
        by_module[quiz.path[: -quiz.steplen]].append((quiz.path, content))
    modules = tuple(
        ModuleContent(
            title=module.title,
            summary=module.summary,
            activities=tuple(content for _path, content in sorted(by_module[module.path], key=lambda pair: pair[0])),
        )
        for module in ModulePage.objects.child_of(page).live().order_by("path")
    )
    return CourseContent(
        title=course.title,
        credit_hours=course.credit_hours,
        pass_mark=course.pass_mark,
        sequential=course.sequential,
        validity_months=course.validity_months,
        modules=modules,
    )


def _lesson(page: LessonPage) -> ActivityContent:
    return ActivityContent(
        activity=page.activity,
        kind=ActivityKind.LESSON,
        title=page.title,
        summary=page.summary,
        body=_as_json(page.body),
        minutes=page.reading_minutes + page.practice_minutes,
    )


def _quiz(page: QuizPage, *, course: Course, questions: tuple[QuestionContent, ...]) -> ActivityContent:
    return ActivityContent(
        activity=page.activity,
        kind=ActivityKind.QUIZ,
        title=page.title,
        summary=page.summary,
        body="[]",
        minutes=page.test_minutes,
        question_count=page.question_count,
        pass_mark=course.pass_mark,
        max_attempts=page.max_attempts,
        time_limit_minutes=page.time_limit_minutes,
        is_post_test=page.is_post_test,
        questions=questions,
    )


def _live_questions(bank_ids: set[int]) -> dict[int, tuple[QuestionContent, ...]]:
    """The questions of each bank that are not retired, by primary key."""
    found: dict[int, list[QuestionContent]] = defaultdict(list)
    questions = Question.objects.filter(bank__in=bank_ids, retired_at__isnull=True).order_by("pk")
    for question in questions.prefetch_related("options"):
        found[question.bank_id].append(
            QuestionContent(
                question_id=question.pk,
                kind=question.kind,
                topic=question.topic,
                text=question.text,
                options=tuple((option.text, option.is_correct) for option in question.options.all()),
                explanation=question.explanation,
                lesson=question.lesson,
            )
        )
    return {bank: tuple(questions) for bank, questions in found.items()}


def edition_content(edition: Edition) -> CourseContent:
    """The same, as an edition holds it."""
    versions: dict[int, list[QuestionContent]] = defaultdict(list)
    rows = EditionQuestion.objects.filter(activity__edition=edition).select_related("version")
    for row in rows.order_by("version__question"):
        versions[row.activity_id].append(_frozen_question(row.version))
    by_module: dict[int, list[ActivityContent]] = defaultdict(list)
    for activity in edition.activities.order_by("position"):
        by_module[activity.module_id].append(
            ActivityContent(
                activity=activity.activity,
                kind=activity.kind,
                title=activity.title,
                summary=activity.summary,
                body=_as_json(activity.body),
                minutes=activity.minutes,
                question_count=activity.question_count,
                pass_mark=activity.pass_mark,
                max_attempts=activity.max_attempts,
                time_limit_minutes=activity.time_limit_minutes,
                is_post_test=activity.is_post_test,
                questions=tuple(versions.get(activity.pk, ())),
            )
        )
    return CourseContent(
        title=edition.title,
        credit_hours=edition.credit_hours,
        pass_mark=edition.pass_mark,
        sequential=edition.sequential,
        validity_months=edition.validity_months,
        modules=tuple(
            ModuleContent(title=module.title, summary=module.summary, activities=tuple(by_module[module.pk]))
            for module in edition.modules.order_by("position")
        ),
    )


def _frozen_question(version: QuestionVersion) -> QuestionContent:
    return QuestionContent(
        question_id=version.question_id,
        kind=version.kind,
        topic=version.topic,
        text=version.text,
        options=tuple((option["text"], option["is_correct"]) for option in version.options),
        explanation=version.explanation,
        lesson=version.lesson,
    )


def _as_json(body: StreamValue) -> str:
    return json.dumps(list(body.raw_data), sort_keys=True, ensure_ascii=False)


def differences(old: CourseContent, new: CourseContent) -> list[str]:
    """What changed between two contents, one line each, for the author to read; empty if nothing did."""
    before = {activity.activity: activity for activity in old.activities}
    after = {activity.activity: activity for activity in new.activities}
    lines = [
        *_labelled(_("New: %(title)s"), (after[key] for key in after if key not in before)),
        *_labelled(_("Removed: %(title)s"), (before[key] for key in before if key not in after)),
        *_labelled(_("Changed: %(title)s"), (after[k] for k in after if k in before and after[k] != before[k])),
    ]
    if old.credit_hours != new.credit_hours:
        lines.append(
            _("Credit hours: %(old)d JP becomes %(new)d JP") % {"old": old.credit_hours, "new": new.credit_hours}
        )
    if old.pass_mark != new.pass_mark:
        lines.append(_("The pass mark changes."))
    if old.validity_months != new.validity_months:
        was, becomes = validity_text(old.validity_months), validity_text(new.validity_months)
        lines.append(_("Certificates: “%(was)s” becomes “%(becomes)s”") % {"was": was, "becomes": becomes})
    if (old.title, old.sequential) != (new.title, new.sequential):
        lines.append(_("The title or the order rule changes."))
    if not lines and old != new:
        lines.append(_("Modules were renamed or put in another order."))
    return lines


def validity_text(months: int | None) -> str:
    """How long certificates hold."""
    if months is None:
        return _("Valid without end")
    return ngettext("Valid for %(months)d month", "Valid for %(months)d months", months) % {"months": months}


def _labelled(label: str, activities: Iterable[ActivityContent]) -> list[str]:
    return [label % {"title": activity.title} for activity in activities]


def needs_material_edition(old: CourseContent, new: CourseContent) -> bool:
    """Running learners keep the deal they began with: what to do, what it counts, when it is passed, how long it holds."""
    return (
        {activity.activity for activity in old.activities} != {activity.activity for activity in new.activities}
        or old.credit_hours != new.credit_hours
        or old.pass_mark != new.pass_mark
        or old.validity_months != new.validity_months
    )
