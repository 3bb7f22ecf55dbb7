"""A course leaves as a package and arrives as the same course: pages, questions, files and keys."""

from __future__ import annotations

import io
import re
import shutil
import zipfile
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.core.management import CommandError, call_command
from wagtail.documents.models import Document
from wagtail.images.models import Image

from academy.pages.models import LoadedItem
from courses.curriculum_files import CURRICULUM, course_keys
from courses.models import (
    Course,
    CoursePage,
    Edition,
    LegalReference,
    LessonPage,
    ModulePage,
    Question,
    QuestionBank,
    QuestionOption,
    QuizPage,
)
from courses.package_guard import PackageRefused
from courses.package_import import import_package, preview, read_package
from courses.packaging import export_course
from tests.courses.authoring import every_block, make_course_page
from tests.courses.test_hostile_packages import COURSE, LESSON, files, zipped
from tests.factories import CourseFactory, OrganiserFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def organiser():
    return OrganiserFactory(code="BPSDMD-NTT")


@pytest.fixture
def package(tmp_path: Path) -> Path:
    return tmp_path / "paket.zip"


def empty() -> None:
    """As on an installation that never had a course."""
    for page in CoursePage.objects.all():
        page.delete()
    tables: list[Any] = [Question, QuestionBank, Course, Image, Document, LoadedItem]
    for model in tables:
        model.objects.all().delete()
    shutil.rmtree(settings.MEDIA_ROOT, ignore_errors=True)
    while LegalReference.objects.exists():
        replacing = LegalReference.objects.filter(superseded_by__isnull=False).values("superseded_by")
        LegalReference.objects.exclude(pk__in=list(replacing.values_list("superseded_by", flat=True))).delete()


RULES = ("code", "credit_hours", "pass_mark", "self_paced", "validity_months")


def seen(course: Course) -> dict[str, object]:
    """What readers and graders get of a course, without the numbers of rows."""
    lessons = {}
    for lesson in LessonPage.objects.descendant_of(course.page).order_by("path"):
        html = "".join(render_block(block) for block in lesson.body)
        lessons[str(lesson.activity)] = (lesson.title, lesson.slug, lesson.reading_minutes, html)
    quizzes = [
        (str(quiz.activity), quiz.title, quiz.bank.key, quiz.question_count, quiz.time_limit_minutes, quiz.is_post_test)
        for quiz in QuizPage.objects.descendant_of(course.page).order_by("path")
    ]
    questions = [
        (
            question.bank.key,
            question.key,
            question.kind,
            question.topic,
            question.text,
            question.explanation,
            str(question.lesson or ""),
            question.legal_reference.key if question.legal_reference else "",
            list(question.options.values_list("text", "is_correct")),
        )
        for question in Question.objects.filter(retired_at=None).order_by("bank__key", "key")
    ]
    references = LegalReference.objects.order_by("key").values_list("key", "summary", "superseded_by__key")
    files = sorted(row.file_hash or row.get_file_hash() for model in (Image, Document) for row in model.objects.all())
    order = list(course.page.get_descendants().order_by("path").values_list("title", flat=True))
    return {
        "lessons": lessons,
        "quizzes": quizzes,
        "questions": questions,
        "references": list(references),
        "files": files,
        "order": order,
        "course": [getattr(course, name) for name in RULES] + course.page.outcome_list(),
    }


def render_block(block) -> str:
    """The HTML of a block; ids of blocks, numbers of rows and spaces between paragraphs may differ."""
    html = re.sub(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f-]{22}", "ID", str(block))
    html = re.sub(r"\s*(</?(?:p|h2|h3|ul|ol|li)\b[^>]*>)\s*", r"\1", html)
    return re.sub(r"/dokumen/\d+/", "/dokumen/N/", html)


def take_in(path: Path, organiser) -> Course:
    with read_package(path) as opened:
        course = import_package(opened, organiser, by=None).course
    assert course is not None
    return course


def rich_course() -> Course:
    """Every block in a lesson, a course with several modules, quizzes and banks."""
    page = make_course_page(modules=2, lessons=2, title="Pelatihan “kaya”: 100 %", body=every_block())
    course = page.course
    module = ModulePage.objects.child_of(page).order_by("path").first()
    other = QuestionBank.objects.create(key="bank-kedua", title="Bank kedua", organiser=course.organiser)
    question = make_bank_question(other, LessonPage.objects.first())
    module.add_child(
        instance=QuizPage(
            title="Kuis tengah",
            slug="kuis",
            bank=other,
            question_count=1,
            max_attempts=5,
            test_minutes=5,
            is_post_test=False,
        )
    )
    quiz = QuizPage.objects.get(slug="kuis")
    quiz.move(LessonPage.objects.child_of(module).order_by("path").first(), pos="right")
    Course.objects.filter(pk=course.pk).update(pass_mark="72.50", self_paced=False, validity_months=24)
    assert question.topic == "topik: lain"
    return Course.objects.get(pk=course.pk)


def make_bank_question(bank, lesson):
    question = Question.objects.create(
        bank=bank,
        key="s1",
        topic="topik: lain",
        text="Baris satu\n\n- baris dua: 'ya' #1",
        explanation="Karena.",
        lesson=lesson.activity,
        legal_reference=LegalReference.objects.first(),
    )
    QuestionOption.objects.create(question=question, text="true", is_correct=True, sort_order=0)
    QuestionOption.objects.create(question=question, text="null", is_correct=False, sort_order=1)
    return question


@pytest.mark.parametrize("key", course_keys(CURRICULUM))
def test_the_curriculum_makes_the_round(key, organiser, package):
    call_command("load_curriculum", course=key, verbosity=0)
    course = Course.objects.get(key=key)
    LegalReference.objects.exclude(key__in=_cited(course)).delete()
    round_trip(course, organiser, package)


def _cited(course: Course) -> list[str]:
    return re.findall(r"key: (\S+)", _member(export_course(course), f"{course.key}/legal-references.yaml"))


def _member(package: bytes, name: str) -> str:
    with zipfile.ZipFile(io.BytesIO(package)) as archive:
        return archive.read(name).decode()


def test_a_course_of_every_block_makes_the_round(organiser, package):
    course = rich_course()
    round_trip(course, organiser, package)


def test_links_between_lessons_of_a_package_stay_in_the_course(organiser, package):
    page = make_course_page(modules=2)
    first, last = LessonPage.objects.get(title="Materi 1.1"), LessonPage.objects.get(title="Materi 2.2")
    quiz = QuizPage.objects.get()
    for lesson, others in ((first, (last, quiz)), (last, (first, last))):
        links = "".join(f'<a linktype="page" id="{one.pk}">{one.title}</a> ' for one in others)
        lesson.body = [{"type": "text", "value": f"<p>{links}</p>"}]
        lesson.save_revision().publish()
    round_trip(page.course, organiser, package)
    first, last = LessonPage.objects.get(title="Materi 1.1"), LessonPage.objects.get(title="Materi 2.2")
    for lesson, others in ((first, (last, QuizPage.objects.get())), (last, (first, last))):
        html = str(lesson.body)
        assert [one for one in others if f'href="{one.get_url()}"' in html] == list(others)


def test_a_lesson_may_point_to_one_that_a_newer_package_brings(organiser, package):
    package.write_bytes(zipped(files()))
    take_in(package, organiser)
    new = {"01-pertama/01-materi.md": f"{LESSON}[lanjut](lessons/kedua)\n"}
    new["01-pertama/02-kedua.md"] = LESSON.replace("key: materi", "key: kedua").replace("title: Materi", "title: Kedua")
    package.write_bytes(zipped(files(**new)))
    with read_package(package) as opened:
        changes = import_package(opened, organiser, by=None)
    assert len(changes.written) == 2
    assert LessonPage.objects.get(title="Kedua").get_url() in str(LessonPage.objects.get(title="Materi").body)
    with read_package(package) as opened:
        again = import_package(opened, organiser, by=None)
    assert (again.written, again.kept) == ([], [])


def test_a_link_to_a_lesson_that_is_not_there_is_refused(organiser, package):
    package.write_bytes(zipped(files(**{"01-pertama/01-materi.md": f"{LESSON}[lanjut](lessons/kedua)\n"})))
    with read_package(package) as opened, pytest.raises(PackageRefused, match=r"01-materi\.md.* 6.*lessons/kedua"):
        import_package(opened, organiser, by=None)
    assert not Course.objects.exists()


def round_trip(course: Course, organiser, package: Path) -> None:
    before, written = seen(course), export_course(course)
    assert written == export_course(course)
    package.write_bytes(written)
    _forget_editions()
    empty()

    arrived = take_in(package, organiser)

    assert seen(arrived) == before
    assert not Edition.objects.exists()
    assert export_course(arrived) == written
    with read_package(package) as opened:
        again = import_package(opened, organiser, by=None)
    assert (again.written, again.kept) == ([], [])


def _forget_editions() -> None:
    from courses.models import EditionActivity, EditionAsset, EditionModule, EditionQuestion, QuestionVersion

    for model in (EditionAsset, EditionQuestion, EditionActivity, EditionModule, Edition, QuestionVersion):
        model.objects.all().delete()


def test_looking_writes_nothing(organiser, package, tmp_path):
    course = rich_course()
    package.write_bytes(export_course(course))
    empty()
    files = sorted(tmp_path.rglob("*"))
    with read_package(package) as opened:
        changes = preview(opened, organiser)
    assert any(line.startswith("baru: materi") for line in changes.written)
    assert not Course.objects.exists()
    assert not LoadedItem.objects.exists()
    assert [path for path in sorted(tmp_path.rglob("*")) if path.is_file()] == [p for p in files if p.is_file()]


def test_a_key_of_another_organiser_is_taken(organiser, package):
    course = rich_course()
    package.write_bytes(export_course(course))
    with read_package(package) as opened, pytest.raises(PackageRefused) as caught:
        import_package(opened, organiser, by=None)
    assert course.organiser.name not in str(caught.value)
    assert course.organiser.code not in str(caught.value)
    assert Course.objects.get().organiser == course.organiser


def refused(package: Path, organiser) -> None:
    with read_package(package) as opened, pytest.raises(PackageRefused, match="sudah dipakai"):
        import_package(opened, organiser, by=None)


def everything(course: Course) -> list[object]:
    """What a package could overwrite or add to, whoever it belongs to."""
    tables: list[Any] = [Course, QuestionBank, Question, QuestionOption, LessonPage, LoadedItem]
    return [seen(course), *(list(model.objects.order_by("pk").values()) for model in tables)]


def with_bank(course_key: str, code: str, *, lesson: str = LESSON) -> bytes:
    """A package whose bank is called “bersama”, with the answer to its one question."""
    options = "[{text: A, correct: true}, {text: B, correct: false}]"
    question = f"- {{key: s1, topic_text: T, kind: single, text: Apa?, explanation: Itu., options: {options}}}\n"
    content = files(**{"questions.yaml": question, "01-pertama/01-materi.md": lesson})
    course = f"{COURSE}banks: [{{key: bersama, title: Bank}}]\n"
    content["contoh/course.yaml"] = course.replace("contoh", course_key, 1).replace("Z9", code)
    return zipped({name.replace("contoh", course_key, 1): text for name, text in content.items()})


@pytest.mark.parametrize(
    ("renamed", "course_key"),
    [("course", "contoh"), ("course-page", "contoh"), ("question-bank", "contoh"), ("question-bank", "lain")],
)
def test_what_was_loaded_and_was_renamed_since_is_not_taken_over(renamed, course_key, organiser, package):
    """A package with the old key, of the same course or of another one with the same bank."""
    package.write_bytes(with_bank("contoh", "Z9"))
    course = take_in(package, organiser)
    if renamed == "course":
        Course.objects.update(key="baru", code="Z7")
    elif renamed == "course-page":
        CoursePage.objects.update(course=CourseFactory(organiser=organiser, key="baru"))
    else:
        QuestionBank.objects.update(key="baru")
    course = CoursePage.objects.get().course
    code = {"contoh": "Z9", "lain": "Z8"}[course_key]
    package.write_bytes(with_bank(course_key, code, lesson=LESSON.replace("materi", "asing")))
    before = everything(course)
    for importing in (organiser, OrganiserFactory(code="LAIN")):
        refused(package, importing)
    assert everything(course) == before


def test_a_page_with_the_address_of_a_package_is_not_written_below(organiser, package):
    page = make_course_page(slug="contoh")
    package.write_bytes(zipped(files()))
    before = everything(page.course)
    refused(package, organiser)
    assert everything(page.course) == before


def test_shared_references_are_never_changed(organiser, package):
    course = rich_course()
    package.write_bytes(export_course(course))
    _own = LegalReference.objects.get(key="baru")
    empty()
    LegalReference.objects.create(
        key="baru", regulation="UU", summary="Lain.", as_of_on=_own.as_of_on, review_by_on=_own.review_by_on
    )
    with read_package(package) as opened:
        changes = import_package(opened, organiser, by=None)
    assert "tetap: berbunyi lain di sini: dasar hukum baru" in changes.kept
    assert LegalReference.objects.get(key="baru").summary == "Lain."
    assert LegalReference.objects.filter(key="lama", superseded_by__key="baru").exists()


@pytest.mark.parametrize("renamed", [False, True])
def test_references_that_were_deleted_or_renamed_here_come_again(renamed, organiser, package):
    """Both the one that is cited and the one that replaced it; what has another key now stays as it is."""
    course = rich_course()
    package.write_bytes(export_course(course))
    empty()
    take_in(package, organiser)
    before = LegalReference.objects.count()
    if renamed:
        for row in LegalReference.objects.all():
            LegalReference.objects.filter(pk=row.pk).update(
                key=f"{row.key}-kami", regulation="Kami", superseded_by=None
            )
    else:
        Question.objects.update(legal_reference=None)
        CoursePage.objects.get().legal_references.clear()
        LegalReference.objects.update(superseded_by=None)
        LegalReference.objects.all().delete()
    take_in(package, organiser)
    assert LegalReference.objects.filter(key="lama", superseded_by__key="baru").exists()
    assert LegalReference.objects.filter(key__endswith="-kami", regulation="Kami").count() == (before if renamed else 0)


def test_lessons_below_an_unpublished_module_stay_at_home(organiser, package):
    page = make_course_page(modules=2)
    ModulePage.objects.filter(title="Modul 1").update(live=False)
    Question.objects.filter(key="q0").update(lesson=LessonPage.objects.get(title="Materi 1.1").activity)
    Question.objects.filter(key="q1").update(lesson=LessonPage.objects.get(title="Materi 2.1").activity)
    package.write_bytes(export_course(page.course))
    names = zipfile.ZipFile(package).namelist()
    assert not [name for name in names if "materi-1" in name]
    assert len([name for name in names if "materi-2" in name]) == 2
    with read_package(package) as opened:
        questions = opened.course.banks[0].questions
    assert [bool(question.lesson) for question in questions[:2]] == [False, True]


def test_commands_write_and_read(organiser, package, capsys):
    course = rich_course()
    call_command("export_course", course.key, package)
    empty()
    call_command("import_course", package, organiser="BPSDMD-NTT", dry_run=True)
    assert "none of them written" in capsys.readouterr().out
    assert not Course.objects.exists()
    call_command("import_course", package, organiser="BPSDMD-NTT")
    assert Course.objects.get().organiser == organiser
    with pytest.raises(CommandError, match="no course"):
        call_command("export_course", "lain", package)
