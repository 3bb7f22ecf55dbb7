"""Take in a course package: guard, read, show what would change, load. It publishes pages and no edition."""

from __future__ import annotations

import re
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext as _
from wagtail.log_actions import LogContext
from wagtail.models import Page

from academy.pages.caching import content_changed
from academy.pages.content_files import ContentError
from academy.pages.loading import Loading, named
from academy.pages.models import LoadedItem
from academy.people.models import Organiser, Person
from courses.curriculum_files import CourseFile, LegalReferenceFile, read_course, read_legal_references
from courses.curriculum_loading import load_catalog, load_legal_references, load_pages
from courses.models import Course, CoursePage, LegalReference, LessonPage, QuestionBank, QuizPage
from courses.package_guard import PackageRefused, unpack

KEY = re.compile(r"[\w-]{1,80}", re.ASCII)
LONGEST_LOADED_KEY = 120  # academy.pages.models.LoadedItem


@dataclass(frozen=True)
class Package:
    """What a package says, read and checked; its files lie in `course.folder` as long as it is open."""

    course: CourseFile
    references: list[LegalReferenceFile]

    @property
    def size(self) -> int:
        """Pages and questions: what takes time to load."""
        return sum(1 + len(module.activities) for module in self.course.modules) + sum(
            len(bank.questions) for bank in self.course.banks
        )


@dataclass
class Changes:
    """What loading a package does, or would do: one line for each thing."""

    title: str
    written: list[str] = field(default_factory=list)
    kept: list[str] = field(default_factory=list)
    course: Course | None = None


@contextmanager
def read_package(path: Path) -> Iterator[Package]:
    """The package at `path`, unpacked below PACKAGES_ROOT while it is open. PackageRefused if anything is wrong."""
    root = Path(settings.PACKAGES_ROOT)
    root.mkdir(parents=True, exist_ok=True, mode=0o750)
    with tempfile.TemporaryDirectory(dir=root, prefix="open-") as name:
        folder = Path(name)
        key = unpack(path, folder)
        try:
            references = read_legal_references(folder)
            course = read_course(folder, key, legal_keys={reference.key for reference in references})
        except ContentError as error:
            place = error.path.relative_to(folder).as_posix() if error.path.is_relative_to(folder) else error.path
            raise PackageRefused(
                _("%(file)s, line %(line)d, is not as the format wants it: %(problem)s.")
                % {"file": place, "line": error.line, "problem": error.problem}
            ) from error
        except RecursionError:
            raise PackageRefused(_("A text of the package is nested too deeply.")) from None
        package = Package(course, references)
        _check_keys(package)
        yield package


def preview(package: Package, organiser: Organiser) -> Changes:
    """What loading would change; nothing is written."""
    changes = Changes(package.course.title)
    loading = Loading(say=lambda _line: None)
    try:
        with transaction.atomic():
            _load(loading, package, organiser, changes)
            transaction.set_rollback(True)
    finally:
        _delete_files(loading)
    return replace(changes, course=None)


def import_package(package: Package, organiser: Organiser, *, by: Person | None) -> Changes:
    """Load the package; a repeat changes nothing. PackageRefused changes nothing either.

    Learners get none of it before an edition is proposed and read by a second person.
    """
    changes = Changes(package.course.title)
    loading = Loading(say=lambda _line: None)
    try:
        with LogContext(user=by), transaction.atomic():
            _load(loading, package, organiser, changes)
            transaction.on_commit(content_changed, robust=True)
    except BaseException:
        _delete_files(loading)
        raise
    return changes


def _delete_files(loading: Loading) -> None:
    """A transaction that is taken back takes no files along."""
    for file in loading.stored:
        if file.name:
            file.storage.delete(file.name)


def _load(loading: Loading, package: Package, organiser: Organiser, changes: Changes) -> None:
    loading.say, loading.detail = changes.kept.append, changes.written.append
    # The row is locked so that two imports into one organiser follow each other.
    organiser = Organiser.objects.select_for_update().get(pk=organiser.pk)
    _refuse_what_is_taken(package, organiser)
    try:
        references = _references(loading, package)
        course = load_pages(
            loading, package.course, catalog=load_catalog(loading), references=references, organiser=organiser
        )
    except ContentError as error:
        place = f"{error.path.parent.name}/{error.path.name}"
        raise PackageRefused(
            _("%(file)s, line %(line)d, is not as the format wants it: %(problem)s.")
            % {"file": place, "line": error.line, "problem": error.problem}
        ) from error
    except ValidationError as error:
        raise PackageRefused(
            _("The package does not fit here: %(problem)s") % {"problem": " ".join(error.messages)}
        ) from error
    changes.course = course
    if course is not None:
        changes.kept += _not_in_the_package(loading, course)


def _references(loading: Loading, package: Package) -> dict[str, int]:
    """All courses cite the same rows: a package adds what is missing and changes none."""
    wanted = [reference.key for reference in package.references]
    there = {reference.key: reference for reference in LegalReference.objects.filter(key__in=wanted)}
    for file in package.references:
        row = there.get(file.key)
        if row is not None and (row.regulation, row.article, row.summary) != (
            file.regulation,
            file.article,
            file.summary,
        ):
            loading.say(_("kept: reads otherwise here: %(what)s") % {"what": named("legal-reference", file.key)})
    known = {key: row.pk for key, row in there.items()}
    new = [file for file in package.references if file.key not in there]
    # One that was deleted here, or has another key by now, comes as if it had never been loaded.
    LoadedItem.objects.filter(kind="legal-reference", key__in=[file.key for file in new]).delete()
    return known | load_legal_references(loading, new, known=known)


def _check_keys(package: Package) -> None:
    """Keys become addresses and names of rows; together with the course they must fit their column."""
    course = package.course
    keys = [course.key, *(bank.key for bank in course.banks), *(file.key for file in package.references)]
    keys += [question.key for bank in course.banks for question in bank.questions]
    inside = [module.key for module in course.modules] + list(course.activities)
    inside += [path.name for name in ("figures", "files") for path in (course.folder / name).glob("*")]
    for key in keys:
        if not KEY.fullmatch(key):
            raise PackageRefused(_("“%(key)s” is no key: letters, digits and hyphens, at most 80.") % {"key": key[:80]})
    pairs = [f"{course.key}/{each}" for each in inside]
    pairs += [f"{bank.key}/{question.key}" for bank in course.banks for question in bank.questions]
    for pair in pairs:
        if len(pair) > LONGEST_LOADED_KEY:
            raise PackageRefused(_("“%(key)s” is too long for a key or a file name.") % {"key": pair[:160]})
    stated = [activity for activity in course.activities.values() if activity is not None]
    if len(set(stated)) < len(stated):
        raise PackageRefused(_("Two lessons or quizzes of the package state the same “activity”."))


def _refuse_what_is_taken(package: Package, organiser: Organiser) -> None:
    """Whose it is stays unsaid: a key that another organiser holds is taken like any other."""
    file = package.course
    taken = _("The key or the code “%(key)s” is taken. Give the course another one in its package.")
    others = Course.objects.filter(Q(key=file.key) | Q(code=file.code))
    if others.exclude(key=file.key, organiser=organiser).exists():
        raise PackageRefused(taken % {"key": f"{file.key}, {file.code}"})
    banks = QuestionBank.objects.filter(key__in=[bank.key for bank in file.banks]).exclude(organiser=organiser)
    if bank := banks.first():
        raise PackageRefused(taken % {"key": bank.key})
    page = CoursePage.objects.filter(course__key=file.key).first()
    wanted = [file.activity(key) for key in file.activities]
    for model in (LessonPage, QuizPage):
        pages = model.objects.filter(activity__in=wanted)
        if page is not None:
            pages = pages.not_descendant_of(page)
        if pages.exists():
            raise PackageRefused(
                _("A lesson or quiz of this package is already in another course. Leave its line “activity” out.")
            )
    # Courses stand below the catalogue: root, home page, catalogue, course.
    if page is None and Page.objects.filter(slug=file.key, depth=4).exists():
        raise PackageRefused(taken % {"key": file.key})
    # The loader finds again what it loaded, whatever key and organiser that has by now.
    loaded: list[tuple[str, Any, str, list[str]]] = [
        ("course", Course, "", [file.key]),
        ("course-page", CoursePage, "course__", [file.key]),
        ("question-bank", QuestionBank, "", [bank.key for bank in file.banks]),
    ]
    for kind, model, path, keys in loaded:
        for item in LoadedItem.objects.filter(kind=kind, key__in=keys):
            same = {f"{path}key": item.key, f"{path}organiser": organiser}
            if model.objects.filter(pk=item.object_id).exclude(**same).exists():
                raise PackageRefused(taken % {"key": item.key})


def _not_in_the_package(loading: Loading, course: Course) -> list[str]:
    """Loading takes nothing away: what the package does not hold is named."""
    page = CoursePage.objects.filter(course=course).first()
    if page is None:
        return []
    others = page.get_descendants().live().exclude(pk__in=loading.seen).order_by("path")
    return [_("kept: not in the package: %(title)s") % {"title": other.title} for other in others]
