"""Write a course as a package: its published pages, questions, files and legal references in one ZIP.

The same course gives the same bytes. docs/course-package.md describes the format; `courses.package_import` reads it.
"""

from __future__ import annotations

import io
import tempfile
import zipfile
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Any
from uuid import UUID

import yaml
from django.conf import settings
from django.core.exceptions import ObjectDoesNotExist
from django.utils.translation import gettext as _
from wagtail.documents import get_document_model
from wagtail.images import get_image_model

from academy.pages.content_files import ContentError
from academy.pages.markdown_writing import NotInMarkdown, markdown_of
from academy.pages.models import LoadedItem
from courses.checklist import published_of
from courses.curriculum_files import LEGAL_REFERENCES, QUESTIONS, YOU_CAN
from courses.models import (
    Course,
    CoursePage,
    LegalReference,
    LessonPage,
    ModulePage,
    Question,
    QuestionBank,
    QuizPage,
)
from courses.package_guard import PackageRefused
from courses.package_import import read_package

ON = (1980, 1, 1, 0, 0, 0)  # the first day a ZIP knows: when a package was made is no part of it
Values = dict[str, Any]


class CannotExport(Exception):
    """The course does not fit in a package; the message says what does not."""


def export_course(course: Course) -> bytes:
    """The package of what is published now. CannotExport if there is nothing, or something it cannot carry."""
    page = CoursePage.objects.live().filter(course=course).first()
    if page is None:
        raise CannotExport(_("The course has no published page: publish its course page first."))
    try:
        package = _zipped(course.key, _Export(course, page).files())
        _read_again(package)
    except (NotInMarkdown, PackageRefused, ContentError, ObjectDoesNotExist, OSError) as error:
        raise CannotExport(_("This course does not fit in a package. %(problem)s") % {"problem": error}) from error
    return package


def _zipped(key: str, files: dict[str, bytes]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name in sorted(files):
            entry = zipfile.ZipInfo(f"{key}/{name}", ON)
            entry.compress_type, entry.create_system = zipfile.ZIP_DEFLATED, 3
            entry.external_attr = 0o100644 << 16
            archive.writestr(entry, files[name], compresslevel=9)
    return out.getvalue()


def _read_again(package: bytes) -> None:
    """Nobody should find out on another installation that a package is not taken."""
    Path(settings.PACKAGES_ROOT).mkdir(parents=True, exist_ok=True, mode=0o750)
    with tempfile.NamedTemporaryFile(dir=settings.PACKAGES_ROOT, suffix=".zip") as file:
        file.write(package)
        file.flush()
        with read_package(Path(file.name)):
            pass


@dataclass
class _Export:
    """One run: what the pages use is gathered while they are written."""

    course: Course
    page: CoursePage
    used: dict[str, set[int]] = field(default_factory=lambda: {"image": set(), "document": set(), "legal": set()})

    def files(self) -> dict[str, bytes]:
        pages = published_of(self.page)
        modules, self.lessons, self.quizzes = pages.modules, pages.lessons, pages.quizzes
        self.module_keys = self._keys("module", modules, lambda module: str(module.translation_key))
        self.keys = self._keys("lesson", self.lessons, lambda lesson: str(lesson.activity))
        self.quiz_keys = self._keys("quiz", self.quizzes, lambda quiz: str(quiz.activity))
        self._gather()
        files = {
            f"{folder}/{name}": content
            for folder, module in zip(_numbered(modules), modules, strict=True)
            for name, content in self._module(module).items()
        }
        banks = list({quiz.bank_id: quiz.bank for quiz in self.quizzes}.values())
        banks.sort(key=lambda bank: (bank.key != self.course.key, bank.key))
        names = {bank.pk: QUESTIONS if not at else f"questions-{at + 1}.yaml" for at, bank in enumerate(banks)}
        topics = {module.title: self.module_keys[module.pk] for module in reversed(modules)}
        for bank in banks:
            files[names[bank.pk]] = self._questions(bank, topics)
        files["course.yaml"] = _yaml(self._course(_numbered(modules), banks, names))
        if self.used["legal"]:
            files[LEGAL_REFERENCES] = self._legal_references()
        for kind, folder in (("image", "figures"), ("document", "files")):
            files |= {f"{folder}/{self.names[kind][pk]}": self._bytes(kind, pk) for pk in self.used[kind]}
        return files

    def _gather(self) -> None:
        """What the lessons point to, and the names it goes by in the package."""
        for lesson in self.lessons:
            for model, pk, _path, _content in lesson._meta.get_field("body").extract_references(lesson.body):
                kind = {get_image_model(): "image", get_document_model(): "document", LegalReference: "legal"}.get(
                    model
                )
                if kind:
                    self.used[kind].add(int(pk))
        self.used["legal"] |= set(self.page.legal_references.values_list("pk", flat=True))
        banks = {quiz.bank_id for quiz in self.quizzes}
        of_questions = Question.objects.filter(bank__in=banks, retired_at__isnull=True, legal_reference__isnull=False)
        self.used["legal"] |= {pk for pk in of_questions.values_list("legal_reference", flat=True) if pk}
        found = set(self.used["legal"])
        while found:
            replacing = LegalReference.objects.filter(pk__in=found).values_list("superseded_by", flat=True)
            found = {pk for pk in replacing if pk} - self.used["legal"]
            self.used["legal"] |= found
        self.references = list(LegalReference.objects.filter(pk__in=self.used["legal"]).order_by("key"))
        self.legal = {reference.pk: reference.key for reference in self.references}
        self.names = {
            "image": self._file_names("image", get_image_model().objects.filter(pk__in=self.used["image"])),
            "document": self._file_names("document", get_document_model().objects.filter(pk__in=self.used["document"])),
        }

    def _loaded(self, kind: str, pks: Iterable[int]) -> dict[int, str]:
        """What the loader calls these, where they came from files of this course: the names stay."""
        start = f"{self.course.key}/"
        items = LoadedItem.objects.filter(kind=kind, object_id__in=pks, key__startswith=start).order_by("-key")
        return {item.object_id: item.key.removeprefix(start) for item in items}

    def _keys(self, kind: str, pages: list[Any], own: Any) -> dict[int, str]:
        loaded = self._loaded(kind, [page.pk for page in pages])
        return {page.pk: loaded.get(page.pk) or own(page) for page in pages}

    def _file_names(self, kind: str, rows: Any) -> dict[int, str]:
        rows = list(rows.order_by("pk"))
        names = self._loaded(kind, [row.pk for row in rows])
        taken = {name.casefold() for name in names.values()}
        for row in rows:
            if row.pk in names:
                continue
            path = PurePosixPath(row.file.name)
            name, number = path.name, 1
            while name.casefold() in taken:
                number += 1
                name = f"{path.stem}-{number}{path.suffix}"
            names[row.pk] = name
            taken.add(name.casefold())
        return names

    def _bytes(self, kind: str, pk: int) -> bytes:
        model = get_image_model() if kind == "image" else get_document_model()
        with model.objects.get(pk=pk).file.open("rb") as file:
            content: bytes = file.read()
        return content

    def _course(self, modules: list[str], banks: list[QuestionBank], names: dict[int, str]) -> Values:
        course, page = self.course, self.page
        return {
            "key": course.key,
            "code": course.code,
            "title": course.title,
            "page_title": page.title,
            "short_title": page.short_title,
            "summary": page.summary,
            "level": course.level,
            "audience": page.audience,
            "topics": list(page.topic_list()),
            "outcomes": [f"{YOU_CAN}{outcome}." for outcome in page.outcome_list()],
            "trainer": page.trainer,
            "credit_hours": course.credit_hours,
            "pass_mark": float(course.pass_mark),
            "sequential": course.sequential,
            "self_paced": course.self_paced,
            **({"validity_months": course.validity_months} if course.validity_months else {}),
            "legal": sorted(page.legal_references.values_list("key", flat=True)),
            "modules": modules,
            "banks": [{"key": bank.key, "title": bank.title, "questions": names[bank.pk]} for bank in banks],
        }

    def _module(self, module: ModulePage) -> dict[str, bytes]:
        lessons = [lesson for lesson in self.lessons if lesson.is_child_of(module)]
        quizzes = [quiz for quiz in self.quizzes if quiz.is_child_of(module)]
        in_order = [each.path for each in sorted([*lessons, *quizzes], key=lambda each: each.path)]
        values: Values = {"key": self.module_keys[module.pk], "title": module.title, "summary": module.summary}
        if quizzes:
            values["quizzes"] = [self._quiz(quiz, in_order.index(quiz.path) + 1) for quiz in quizzes]
        files = {f"{name}.md": self._lesson(lesson) for name, lesson in zip(_numbered(lessons), lessons, strict=True)}
        return files | {"module.yaml": _yaml(values)}

    def _quiz(self, quiz: QuizPage, position: int) -> Values:
        limit = {"time_limit_minutes": quiz.time_limit_minutes} if quiz.time_limit_minutes else {}
        return {
            "key": self.quiz_keys[quiz.pk],
            "activity": str(quiz.activity),
            "title": quiz.title,
            "summary": quiz.summary,
            "slug": quiz.slug,
            "position": position,
            "bank": quiz.bank.key,
            "draw": quiz.question_count,
            "max_attempts": quiz.max_attempts,
            **limit,
            "minutes": quiz.test_minutes,
            "is_post_test": quiz.is_post_test,
        }

    def _lesson(self, lesson: LessonPage) -> bytes:
        values = {
            "key": self.keys[lesson.pk],
            "activity": str(lesson.activity),
            "title": lesson.title,
            "summary": lesson.summary,
            "reading_minutes": lesson.reading_minutes,
            "practice_minutes": lesson.practice_minutes,
        }
        try:
            text = markdown_of(
                list(lesson.body.raw_data),
                images=self.names["image"],
                documents=self.names["document"],
                legal=self.legal,
                lessons=self.keys | self.quiz_keys,
            )
        except NotInMarkdown as error:
            raise NotInMarkdown(
                _("Lesson “%(title)s”, %(problem)s") % {"title": lesson.title, "problem": error}
            ) from error
        return b"---\n" + _yaml(values) + b"---\n" + text.encode()

    def _questions(self, bank: QuestionBank, topics: dict[str, str]) -> bytes:
        lessons: dict[UUID, str] = {lesson.activity: self.keys[lesson.pk] for lesson in self.lessons}
        rows = Question.objects.filter(bank=bank, retired_at__isnull=True).order_by("key").prefetch_related("options")
        return _yaml([self._question(question, lessons, topics) for question in rows])

    def _question(self, question: Question, lessons: dict[UUID, str], topics: dict[str, str]) -> Values:
        topic = {"topic": topics[question.topic]} if question.topic in topics else {"topic_text": question.topic}
        values: Values = {
            "key": question.key,
            **topic,
            "lesson": lessons.get(question.lesson, "") if question.lesson else "",
            "kind": question.kind,
            "text": question.text,
            "options": [{"text": option.text, "correct": option.is_correct} for option in question.options.all()],
            "explanation": question.explanation,
        }
        return values | ({"legal": self.legal[question.legal_reference_id]} if question.legal_reference_id else {})

    def _legal_references(self) -> bytes:
        return _yaml(
            [
                {
                    "key": reference.key,
                    "regulation": reference.regulation,
                    "article": reference.article,
                    "summary": reference.summary,
                    "as_of": reference.as_of_on,
                    "review_by": reference.review_by_on,
                    "url": reference.url,
                    "superseded_by": self.legal.get(reference.superseded_by_id or 0, ""),
                }
                for reference in self.references
            ]
        )


def _numbered(pages: list[Any]) -> list[str]:
    """Names of files or folders that stand in the order of the pages."""
    width = max(2, len(str(len(pages))))
    return [f"{number:0{width}}-{page.slug}" for number, page in enumerate(pages, start=1)]


def _yaml(values: Any) -> bytes:
    """Line ends of forms become plain ones; the rest is written so that it reads back as it is."""
    text: str = yaml.safe_dump(_unified(values), allow_unicode=True, sort_keys=False, width=120)
    return text.encode()


def _unified(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _unified(each) for name, each in value.items()}
    if isinstance(value, list):
        return [_unified(each) for each in value]
    return value.replace("\r\n", "\n").strip() if isinstance(value, str) else value
