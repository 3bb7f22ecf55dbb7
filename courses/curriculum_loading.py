"""Bring the curriculum into the CMS by stable keys, then publish the edition that is due."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _
from wagtail.models import Page

from academy.pages.loading import (
    Loading,
    load_documents,
    load_images,
    load_object,
    load_order,
    load_page,
    load_row,
)
from academy.pages.markdown import LESSONS, Source, blocks_of
from academy.pages.models import LoadedItem
from academy.pages.site_content import ensure_home
from academy.people.models import Organiser
from courses.content import edition_content, needs_material_edition, published_content
from courses.curriculum_files import BankFile, CourseFile, LegalReferenceFile, LessonFile, QuestionFile, QuizFile
from courses.models import (
    CatalogPage,
    Course,
    CoursePage,
    Edition,
    EditionKind,
    LegalReference,
    LessonPage,
    ModulePage,
    Question,
    QuestionBank,
    QuestionOption,
    QuizPage,
)
from courses.publishing import publish_edition
from courses.trainers import organiser_collection

CATALOG_SLUG = "katalog"
Assets = tuple[dict[str, int], dict[str, int]]


class OrganiserMissing(Exception):
    """No organiser has this code yet."""


@transaction.atomic
def load_legal_references(
    loading: Loading, files: list[LegalReferenceFile], *, known: Mapping[str, int] | None = None
) -> dict[str, int]:
    """All references by key, as primary keys; `known` are those there already that these may point to."""
    loaded: dict[str, int] = dict(known or {})
    for file in files:  # one that was replaced comes after its replacement
        wanted = {
            "regulation": file.regulation,
            "article": file.article,
            "summary": file.summary,
            "as_of_on": file.as_of_on,
            "review_by_on": file.review_by_on,
            "url": file.url,
            "superseded_by_id": loaded[file.superseded_by] if file.superseded_by else None,
        }
        row = load_row(loading, "legal-reference", file.key, LegalReference, wanted, by={"key": file.key})
        if row is not None:
            loaded[file.key] = row.pk
    return loaded


@transaction.atomic
def load_catalog(loading: Loading) -> CatalogPage:
    home = ensure_home(loading)
    catalog: CatalogPage | None = CatalogPage.objects.first()
    if catalog is None:
        catalog = CatalogPage(
            title="Katalog Pelatihan",
            slug=CATALOG_SLUG,
            introduction="Pelatihan daring bagi semua ASN, gratis, dengan sertifikat yang dapat diperiksa siapa pun.",
        )
        home.add_child(instance=catalog)
        catalog.save_revision().publish()
        loading.wrote(_("created: catalogue page"))
    return catalog


@transaction.atomic
def load_course(
    loading: Loading,
    file: CourseFile,
    *,
    catalog: CatalogPage,
    references: Mapping[str, int],
    organiser_code: str,
    at: datetime,
) -> Edition | None:
    """The course with its pages and questions; the newest edition, which is new if anything was written.

    What trainers published in the CMS waits, and the files' changes with it, until a trainer publishes an edition;
    overwriting waits for nobody.
    Raises OrganiserMissing, ContentError or EditionInvalid, and then changes nothing.
    """
    organiser = organiser_named(organiser_code)
    before = loading.changed
    newest = Edition.objects.filter(course__key=file.key).newest_first().first()
    # Read before the files write anything: what differs now was published in the CMS and is in no edition yet.
    is_edited = newest is not None and published_content(newest.course) != edition_content(newest)
    course = load_pages(loading, file, catalog=catalog, references=references, organiser=organiser)
    if course is None:
        return None
    if newest is not None and is_edited and not loading.overwrite:
        loading.say(
            _("an edition awaits a trainer: %(key)s was edited in the CMS since edition %(number)s")
            % {"key": file.key, "number": newest.number}
        )
        return newest
    return _publish(loading, course, newest, is_changed=loading.changed > before, at=at)


def organiser_named(code: str) -> Organiser:
    organiser = Organiser.objects.filter(code=code).first()
    if organiser is None:
        raise OrganiserMissing(f"There is no organiser {code}: run `manage.py load_agencies` first.")
    return organiser


@transaction.atomic
def load_pages(
    loading: Loading,
    file: CourseFile,
    *,
    catalog: CatalogPage,
    references: Mapping[str, int],
    organiser: Organiser,
) -> Course | None:
    """The course with its questions and published pages, and no edition; None if it was deleted in the CMS."""
    course = _course(loading, file, organiser)
    if course is None:
        return None
    banks: dict[str, QuestionBank] = {}
    for bank_file in file.banks:
        if bank := _bank(loading, bank_file, organiser):
            banks[bank.key] = bank
            for question in bank_file.questions:
                _question(loading, file, question, bank=bank, references=references)
    page = _course_page(loading, file, course, catalog, references)
    if page is not None:
        _modules(loading, file, page, banks, references)
    return course


def _course(loading: Loading, file: CourseFile, organiser: Organiser) -> Course | None:
    wanted = {
        "code": file.code,
        "title": file.title,
        "organiser_id": organiser.pk,
        "level": file.level,
        "credit_hours": file.credit_hours,
        "pass_mark": file.pass_mark,
        "sequential": file.sequential,
        "self_paced": file.self_paced,
        "validity_months": file.validity_months,
    }
    return load_row(loading, "course", file.key, Course, wanted, by={"key": file.key})


def _bank(loading: Loading, file: BankFile, organiser: Organiser) -> QuestionBank | None:
    wanted = {"title": file.title, "organiser_id": organiser.pk}
    return load_row(loading, "question-bank", file.key, QuestionBank, wanted, by={"key": file.key})


def _question(
    loading: Loading, course: CourseFile, file: QuestionFile, *, bank: QuestionBank, references: Mapping[str, int]
) -> None:
    fields: dict[str, Any] = {
        "kind": file.kind,
        "topic": file.topic,
        "text": file.text,
        "explanation": file.explanation,
        "lesson": course.activity(file.lesson) if file.lesson else None,
        "legal_reference_id": references[file.legal] if file.legal else None,
        "retired_at": None,
    }
    wanted = fields | {"options": [list(option) for option in file.options]}

    def find(pk: int | None) -> Question | None:
        by: dict[str, Any] = {"pk": pk} if pk else {"bank": bank, "key": file.key}
        found: Question | None = Question.objects.filter(**by).first()
        return found

    def read(question: Question) -> dict[str, Any]:
        options = question.options.order_by("sort_order").values_list("text", "is_correct")
        return {name: getattr(question, name) for name in fields} | {"options": [list(option) for option in options]}

    def write(found: Question | None) -> Question:
        question = found or Question(bank=bank, key=file.key)
        for name, value in fields.items():
            setattr(question, name, value)
        question.options = [
            QuestionOption(sort_order=position, text=text, is_correct=is_correct)
            for position, (text, is_correct) in enumerate(file.options)
        ]
        question.save()
        return question

    load_object(loading, "question", f"{bank.key}/{file.key}", wanted, find=find, read=read, write=write)


def _course_page(
    loading: Loading, file: CourseFile, course: Course, catalog: CatalogPage, references: Mapping[str, int]
) -> CoursePage | None:
    wanted = {
        "title": file.page_title,
        "slug": file.key,
        "short_title": file.short_title,
        "summary": file.summary,
        "audience": file.audience,
        "outcomes": "\n".join(file.outcomes),
        "topics": ", ".join(file.topics),
        "trainer": file.trainer,
        "legal_references": sorted(references[key] for key in file.legal),
    }
    return load_page(loading, "course-page", file.key, CoursePage, wanted, parent=catalog, fixed={"course": course})


def _modules(
    loading: Loading,
    file: CourseFile,
    page: CoursePage,
    banks: Mapping[str, QuestionBank],
    references: Mapping[str, int],
) -> None:
    collection = organiser_collection(page.course.organiser)
    assets = (
        load_images(loading, file.folder / "figures", key=file.key, collection=collection),
        load_documents(loading, file.folder / "files", key=file.key, collection=collection),
    )
    modules: list[Page] = []
    pages = _pages_there(file)
    early: list[tuple[LessonFile, ModulePage]] = []  # these may point to lessons that come after them
    for module in file.modules:
        wanted = {"title": module.title, "slug": module.slug, "summary": module.summary}
        module_page = load_page(loading, "module", f"{file.key}/{module.key}", ModulePage, wanted, parent=page)
        if module_page is None:
            continue
        modules.append(module_page)
        there: list[Page] = []
        for activity in module.activities:
            loaded: Page | None
            if isinstance(activity, LessonFile):
                if LESSONS in activity.markdown.text and not all(pages.values()):
                    early.append((activity, module_page))
                loaded = _lesson(loading, file, activity, module_page, assets, references, pages)
            else:
                loaded = _quiz(loading, file, activity, module_page, banks)
            if loaded is not None:
                there.append(loaded)
                pages[activity.key] = loaded.pk
        load_order(loading, f"{file.key}/{module.key}", module_page, there)
    load_order(loading, file.key, page, modules)
    again = replace(loading, say=lambda _line: None, detail=lambda _line: None)  # all was told the first time
    for lesson, module_page in early:
        _lesson(again, file, lesson, module_page, assets, references, pages)


def _pages_there(file: CourseFile) -> dict[str, int]:
    """The lessons and quizzes of the course by key, as primary keys; 0 for those that are not there yet."""
    items = LoadedItem.objects.filter(
        kind__in=("lesson", "quiz"), key__in=[f"{file.key}/{key}" for key in file.activities]
    )
    loaded = {item.key.removeprefix(f"{file.key}/"): item.object_id for item in items}
    keys = {file.activity(key): key for key in file.activities}
    by_activity = {
        keys[activity]: pk
        for model in (LessonPage, QuizPage)
        for activity, pk in model.objects.filter(activity__in=keys).values_list("activity", "pk")
    }
    there = set(Page.objects.filter(pk__in=loaded.values()).values_list("pk", flat=True))
    return dict.fromkeys(file.activities, 0) | by_activity | {key: pk for key, pk in loaded.items() if pk in there}


def _lesson(
    loading: Loading,
    course: CourseFile,
    lesson: LessonFile,
    parent: ModulePage,
    assets: Assets,
    references: Mapping[str, int],
    pages: Mapping[str, int],
) -> LessonPage | None:
    wanted = {
        "title": lesson.title,
        "slug": lesson.slug,
        "summary": lesson.summary,
        "reading_minutes": lesson.reading_minutes,
        "practice_minutes": lesson.practice_minutes,
        "body": _body(course, lesson, assets, references, pages),
    }
    fixed = {"activity": course.activity(lesson.key)}
    return load_page(loading, "lesson", f"{course.key}/{lesson.key}", LessonPage, wanted, parent=parent, fixed=fixed)


def _body(
    course: CourseFile,
    lesson: LessonFile,
    assets: Assets,
    references: Mapping[str, int],
    pages: Mapping[str, int],
) -> list[dict[str, Any]]:
    images, documents = assets
    source = Source(
        path=lesson.markdown.path,
        first_line=lesson.markdown.first_line,
        key=f"{course.key}/{lesson.key}",
        images=images,
        documents=documents,
        legal=references,
        lessons=pages,
    )
    return blocks_of(lesson.markdown.text, source)


def _quiz(
    loading: Loading, course: CourseFile, file: QuizFile, parent: ModulePage, banks: Mapping[str, QuestionBank]
) -> QuizPage | None:
    if file.bank not in banks:  # deleted in the CMS, as was told
        return None
    wanted = {
        "title": file.title,
        "slug": file.slug,
        "summary": file.summary,
        "bank_id": banks[file.bank].pk,
        "question_count": file.draw,
        "max_attempts": file.max_attempts,
        "time_limit_minutes": file.time_limit_minutes,
        "test_minutes": file.minutes,
        "is_post_test": file.is_post_test,
    }
    fixed = {"activity": course.activity(file.key)}
    return load_page(loading, "quiz", f"{course.key}/{file.key}", QuizPage, wanted, parent=parent, fixed=fixed)


def _publish(loading: Loading, course: Course, newest: Edition | None, *, is_changed: bool, at: datetime) -> Edition:
    """The first edition, or the next one if the files changed something; otherwise the newest there is."""
    if newest is not None and not is_changed:
        return newest
    content = published_content(course)
    kind = EditionKind.MINOR
    if newest is not None and content is not None and needs_material_edition(edition_content(newest), content):
        kind = EditionKind.MATERIAL
    edition = publish_edition(course, kind=kind, by=None, at=at)
    if edition != newest:
        loading.changed += 1
        loading.say(_("published: %(edition)s") % {"edition": edition})
    return edition
