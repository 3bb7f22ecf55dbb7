"""Make a new course of an old one, and put a course away without taking it from those who learn in it."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import transaction
from django.utils.text import slugify
from wagtail.log_actions import log
from wagtail.models import Page

from academy.pages.caching import content_changed
from academy.people.models import Person
from courses.models import Course, CoursePage, LessonPage, ModulePage, Question, QuestionBank, QuestionOption, QuizPage
from courses.trainers import ensure_course_page

LONGEST_KEY = 80
LINK = re.compile(r"<a [^>]*>")
PAGE_ID = re.compile(r'(?<= id=")\d+(?=")')
# What a page says in its own fields; its place, its course and the key of its progress are never copied.
FIELDS: dict[type[Page], tuple[str, ...]] = {
    CoursePage: ("short_title", "summary", "audience", "outcomes", "topics", "trainer"),
    ModulePage: ("summary",),
    LessonPage: ("summary", "body", "reading_minutes", "practice_minutes"),
    QuizPage: (
        *("summary", "bank", "question_count", "max_attempts", "time_limit_minutes", "test_minutes", "is_post_test"),
    ),
}


@transaction.atomic
def copy_course(course: Course, *, title: str, key: str, code: str, by: Person) -> Course:
    """A course of the same organiser with all pages as drafts, as they were last written, and banks of its own.

    Nobody's learning is copied: there is no edition until one is proposed. IntegrityError if key or code is taken.
    """
    made = Course.objects.create(
        key=key,
        code=code,
        title=title,
        organiser=course.organiser,
        level=course.level,
        credit_hours=course.credit_hours,
        pass_mark=course.pass_mark,
        sequential=course.sequential,
        validity_months=course.validity_months,
        self_paced=course.self_paced,
    )
    made.prerequisites.set(course.prerequisites.all())
    source = CoursePage.objects.filter(course=course).first()
    page = ensure_course_page(made, by=by)
    if source is not None and page is not None:
        _copy_pages(source, page, by=by)
    log(instance=made, action="wagtail.create", user=by, data={"copied_from": course.key})
    return made


def _copy_pages(source: CoursePage, page: CoursePage, *, by: Person) -> None:
    draft = source.get_latest_revision_as_object()
    for name in FIELDS[CoursePage]:
        setattr(page, name, getattr(draft, name))
    page.legal_references.set(draft.legal_references.all())
    page.save()
    copies: dict[int, Page] = {source.pk: page}
    banks: dict[int, QuestionBank] = {}
    lessons: dict[UUID, UUID] = {}
    for module in source.get_children().specific().order_by("path"):
        new_module = copies[module.pk] = _copied(module, page, by=by)
        for activity in module.get_children().specific().order_by("path"):
            changes: dict[str, Any] = {}
            if isinstance(activity, QuizPage):
                bank = activity.get_latest_revision_as_object().bank
                changes["bank"] = banks.get(bank.pk) or _copied_bank(bank, page.course)
                banks[bank.pk] = changes["bank"]
            copy = copies[activity.pk] = _copied(activity, new_module, by=by, **changes)
            lessons[activity.activity] = copy.activity
    relinked = _relinking({str(old): str(copy.pk) for old, copy in copies.items()}, source.get_url(), page.get_url())
    for copy in copies.values():
        if isinstance(copy, LessonPage):
            copy.body = _in_texts(list(copy.body.raw_data), relinked)
            copy.save()
        copy.save_revision(user=by, clean=False)  # a draft may lack what publishing asks for
    for question in Question.objects.filter(bank__in=banks.values(), lesson__isnull=False):
        question.lesson = lessons.get(question.lesson) if question.lesson else None
        question.save(update_fields=["lesson"])


def _copied(page: Page, parent: Page, *, by: Person, **changes: Any) -> Any:
    """A page below `parent`, not published, with what the page said when it was last written."""
    draft = page.get_latest_revision_as_object()
    fields = {name: getattr(draft, name) for name in FIELDS[type(page)]}
    return parent.add_child(
        instance=type(page)(title=draft.title, slug=page.slug, live=False, owner=by, **(fields | changes))
    )


def _relinking(ids: dict[str, str], old: str | None, new: str | None) -> Callable[[str], str]:
    """Rewrites a text so that its links to pages with these keys, or below the old address, lead to the copies."""

    def link(match: re.Match[str]) -> str:
        tag = match[0]
        if 'linktype="page"' in tag:
            return PAGE_ID.sub(lambda key: ids.get(key[0], key[0]), tag)
        return tag.replace(f'href="{old}', f'href="{new}', 1) if old and new else tag

    return lambda text: LINK.sub(link, text)


def _in_texts(value: Any, change: Callable[[str], str]) -> Any:
    """The raw data of blocks with `change` applied to every text in it."""
    if isinstance(value, dict):
        return {name: _in_texts(each, change) for name, each in value.items()}
    if isinstance(value, list):
        return [_in_texts(each, change) for each in value]
    return change(value) if isinstance(value, str) else value


def _copied_bank(bank: QuestionBank, course: Course) -> QuestionBank:
    """A bank of the course's own with the questions that are in use."""
    made = QuestionBank.objects.create(key=free_bank_key(course.key), title=course.title, organiser=course.organiser)
    for question in bank.questions.filter(retired_at__isnull=True).order_by("pk").prefetch_related("options"):
        copy = Question.objects.create(
            bank=made,
            key=question.key,
            kind=question.kind,
            topic=question.topic,
            text=question.text,
            explanation=question.explanation,
            lesson=question.lesson,
            legal_reference_id=question.legal_reference_id,
        )
        QuestionOption.objects.bulk_create(
            QuestionOption(question=copy, text=one.text, is_correct=one.is_correct, sort_order=one.sort_order)
            for one in question.options.all()
        )
    return made


def free_bank_key(key: str) -> str:
    """`key`, or with the first number that makes it free among banks."""
    taken = set(QuestionBank.objects.filter(key__startswith=key[: LONGEST_KEY - 4]).values_list("key", flat=True))
    candidates = [key, *(f"{key[: LONGEST_KEY - 4]}-{number}" for number in range(2, len(taken) + 3))]
    return next(candidate for candidate in candidates if candidate not in taken)


def suggested_key(course: Course) -> str:
    return slugify(f"{course.key[: LONGEST_KEY - 8]}-salinan")


@transaction.atomic
def archive(course: Course, *, by: Person, at: datetime) -> bool:
    """Take the course out of the catalogue; nobody joins any more, who is in it goes on. False if it was archived."""
    if not Course.objects.offered().filter(pk=course.pk).update(archived_at=at):
        return False
    log(instance=course, action="courses.archive", user=by)
    transaction.on_commit(content_changed, robust=True)
    return True


@transaction.atomic
def bring_back(course: Course, *, by: Person) -> bool:
    """Offer an archived course again. False if it was offered."""
    if not Course.objects.filter(pk=course.pk, archived_at__isnull=False).update(archived_at=None):
        return False
    log(instance=course, action="courses.bring_back", user=by)
    transaction.on_commit(content_changed, robust=True)
    return True
