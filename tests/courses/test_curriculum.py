"""The curriculum in files becomes pages, questions and editions, and keeps what trainers edit."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from wagtail.documents.models import Document
from wagtail.images.models import Image
from wagtail.models import Revision

from academy.people.models import Organiser
from courses.curriculum_files import CURRICULUM
from courses.models import (
    Course,
    CoursePage,
    Edition,
    EditionActivity,
    EditionAsset,
    LegalReference,
    LessonPage,
    ModulePage,
    Question,
    QuestionVersion,
    QuizPage,
)
from courses.publishing import publish_edition
from tests.courses.authoring import SVG
from tests.factories import AT, OrganiserFactory, make_enrolment

pytestmark = pytest.mark.django_db

COURSE = """\
key: contoh
code: Z9
title: Pelatihan Contoh
summary: Ringkasan.
level: dasar
audience: Semua ASN
topics: [SPBE]
outcomes: [Anda dapat memberi contoh.]
credit_hours: 1
as_of: 2026-11-01
legal: [perpres-95]
modules: [1-pertama]
post_test: {key: z-tes, title: Tes, draw: 2, time_limit_minutes: 30, minutes: 15}
"""
LESSON = """\
---
key: z-materi-{n}
title: Materi {n}
reading_minutes: 10
practice_minutes: 5
---
Isi materi {n}.

::: dasar-hukum perpres-95
:::

::: gambar bagan.svg
alt: Bagan
:::

::: berkas lembar.csv
title: Lembar
:::
"""
QUESTION = """\
- key: z{n}
  topic: z-pertama
  lesson: z-materi-1
  kind: single
  text: Soal {n}?
  options: [{{text: benar, correct: true}}, {{text: salah, correct: false}}]
  explanation: Karena begitu.
  legal: perpres-95
"""
REFERENCE = """\
- key: perpres-95
  regulation: Perpres 95/2018
  article: Pasal 2
  summary: Tujuh prinsip.
  as_of: 2026-11-01
  review_by: 2027-05-01
  url: ""
  note: ""
"""


@pytest.fixture
def files(tmp_path: Path) -> Path:
    """A curriculum of one course with one module, two lessons, a figure and a file."""
    folder = tmp_path / "curriculum"
    module = folder / "contoh" / "1-pertama"
    module.mkdir(parents=True)
    (folder / "legal-references.yaml").write_text(REFERENCE, encoding="utf-8")
    (folder / "contoh" / "course.yaml").write_text(COURSE, encoding="utf-8")
    (module / "module.yaml").write_text("key: z-pertama\ntitle: Modul pertama\n", encoding="utf-8")
    for n in (1, 2):
        (module / f"{n}-materi.md").write_text(LESSON.replace("{n}", str(n)), encoding="utf-8")
    (folder / "contoh" / "questions.yaml").write_text("".join(QUESTION.format(n=n) for n in range(3)), encoding="utf-8")
    for name, content in (("figures/bagan.svg", SVG), ("files/lembar.csv", b"a,b\n")):
        (folder / "contoh" / name).parent.mkdir()
        (folder / "contoh" / name).write_bytes(content)
    shutil.move(module / "2-materi.md", module / "2-lanjutan.md")
    OrganiserFactory(code="BPSDMD-NTT")
    return folder


@pytest.fixture
def load(files, capsys):
    def run(*options):
        call_command("load_curriculum", "--folder", str(files), *options)
        return capsys.readouterr().out

    return run


def change(path: Path, old: str, new: str) -> None:
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf-8")


def test_files_become_pages_questions_and_an_edition(load):
    load()
    course = Course.objects.get(key="contoh")
    assert (course.code, course.credit_hours, course.organiser.code) == ("Z9", 1, "BPSDMD-NTT")
    page = CoursePage.objects.get()
    assert (page.slug, page.outcomes, page.legal_references.count()) == ("contoh", "memberi contoh", 1)
    assert list(LessonPage.objects.order_by("path").values_list("slug", flat=True)) == ["materi", "lanjutan"]
    assert QuizPage.objects.get().bank.questions.count() == 3
    assert Question.objects.get(key="z0").lesson == LessonPage.objects.get(slug="materi").activity
    edition = Edition.objects.get()
    assert edition.number == "1.0"
    assert list(edition.activities.values_list("number", "minutes")) == [("1.1", 15), ("1.2", 15), ("1.3", 15)]


def test_images_and_files_are_stored_once(load):
    load()
    assert (Image.objects.count(), Document.objects.count()) == (1, 1)
    assert (Image.objects.get().width, Document.objects.get().file_size) == (320, 4)
    assert Image.objects.get().collection.name == "Pelatihan BPSDMD-NTT"


def test_loading_twice_changes_nothing(load):
    load()
    before = (Revision.objects.count(), Edition.objects.count(), QuestionVersion.objects.count())
    assert "0 changes" in load()
    assert (Revision.objects.count(), Edition.objects.count(), QuestionVersion.objects.count()) == before


def test_activities_have_the_same_keys_everywhere(load):
    load()
    assert str(LessonPage.objects.get(slug="materi").activity) == "78338f5f-5623-502f-b92e-b1c4705f1798"


def test_a_corrected_file_gives_a_minor_edition(load, files):
    load()
    enrolment = make_enrolment(edition=Edition.objects.get())
    change(files / "contoh" / "1-pertama" / "1-materi.md", "Isi materi 1.", "Isi yang lebih baik.")
    assert "1.1" in load()
    enrolment.refresh_from_db()
    assert enrolment.edition.number == "1.1"
    assert "Isi yang lebih baik" in str(EditionActivity.objects.get(edition=enrolment.edition, position=1).body)


def test_a_new_lesson_takes_its_place_and_gives_a_material_edition(load, files):
    load()
    path = files / "contoh" / "1-pertama" / "1a-sisipan.md"
    path.write_text(LESSON.replace("{n}", "3"), encoding="utf-8")
    assert "2.0" in load()
    titles = Edition.objects.get(major=2).activities.values_list("title", flat=True)
    assert list(titles) == ["Materi 1", "Materi 3", "Materi 2", "Tes"]
    assert "0 changes" in load()


def test_a_changed_question_gives_a_new_version(load, files):
    load()
    change(files / "contoh" / "questions.yaml", "Soal 0?", "Soal nol?")
    load()
    assert QuestionVersion.objects.count() == 4
    assert Question.objects.get(key="z0").options.count() == 2


def test_a_trainers_edit_is_kept_and_told_until_overwritten(load, files):
    load()
    lesson = LessonPage.objects.get(slug="materi")
    lesson.title = "Judul dari pengajar"
    lesson.save_revision().publish()
    Question.objects.filter(key="z1").update(explanation="Dari pengajar.")
    change(files / "contoh" / "1-pertama" / "1-materi.md", "Isi materi 1.", "Isi dari berkas.")
    change(files / "contoh" / "questions.yaml", "Soal 1?", "Soal satu?")

    said = load()

    assert "tetap: sudah disunting di CMS: materi contoh/z-materi-1" in said
    assert "tetap: sudah disunting di CMS: soal contoh/z1" in said
    assert "0 changes" in said
    assert Edition.objects.count() == 1
    load("--overwrite")
    assert LessonPage.objects.get(slug="materi").title == "Materi 1"
    assert Question.objects.get(key="z1").text == "Soal satu?"


def edit_lesson() -> None:
    lesson = LessonPage.objects.get(slug="lanjutan")
    lesson.title = "Judul dari pengajar"
    lesson.save_revision().publish()


def edit_question() -> None:
    Question.objects.filter(key="z1").update(explanation="Dari pengajar.")


def add_lesson() -> None:
    lesson = LessonPage(title="Dari pengajar", slug="baru", reading_minutes=5, body=[])
    ModulePage.objects.get().add_child(instance=lesson)


@pytest.mark.parametrize("edit", [edit_lesson, edit_question, add_lesson])
def test_what_trainers_published_waits_for_their_own_edition(load, files, edit):
    load()
    edit()
    change(files / "contoh" / "1-pertama" / "1-materi.md", "Isi materi 1.", "Isi yang lebih baik.")
    for _ in range(2):
        assert "edisi baru menunggu pengajar: contoh disunting di CMS sejak edisi 1.0" in load()
    assert "Isi yang lebih baik" in str(LessonPage.objects.get(slug="materi").body)
    assert Edition.objects.count() == 1

    publish_edition(Course.objects.get(), kind="material", by=None, at=AT)
    change(files / "contoh" / "1-pertama" / "1-materi.md", "Isi yang lebih baik.", "Isi terbaik.")
    assert "terbit: " in load()
    assert Edition.objects.count() == 3


def test_overwriting_waits_for_nobody(load, files):
    load()
    edit_lesson()
    assert "menunggu" not in load("--overwrite")
    assert LessonPage.objects.get(slug="lanjutan").title == "Materi 2"


def test_a_draft_of_a_trainer_is_kept(load, files):
    load()
    lesson = LessonPage.objects.get(slug="materi")
    lesson.title = "Sedang ditulis"
    lesson.save_revision()
    change(files / "contoh" / "1-pertama" / "1-materi.md", "Isi materi 1.", "Isi dari berkas.")
    assert "tetap: sudah disunting di CMS: materi" in load()
    assert LessonPage.objects.get(slug="materi").get_latest_revision_as_object().title == "Sedang ditulis"


def test_an_order_made_in_the_cms_is_kept(load):
    load()
    LessonPage.objects.get(slug="lanjutan").move(ModulePage.objects.get(), pos="first-child")
    assert "tetap: sudah dipindahkan di CMS" in load()
    assert list(LessonPage.objects.order_by("path").values_list("slug", flat=True)) == ["lanjutan", "materi"]


def test_a_deleted_course_page_leaves_the_edition(load):
    load()
    CoursePage.objects.get().delete()
    assert "tetap: sudah dihapus di CMS: halaman pelatihan contoh" in load()
    assert Edition.objects.count() == 1


def test_a_changed_figure_leaves_the_one_of_the_old_edition(load, files):
    load()
    old = Image.objects.get()
    (files / "contoh" / "figures" / "bagan.svg").write_bytes(SVG.replace(b"200", b"240"))
    load()
    assert Image.objects.count() == 2
    assert EditionAsset.objects.filter(activity__edition__minor=0, image=old).exists()


@pytest.mark.parametrize(
    ("file", "old", "new", "problem"),
    [
        ("course.yaml", "level: dasar", "level: mudah", "course.yaml:5: level"),
        ("course.yaml", "summary: Ringkasan.", "ringkasan: x", "course.yaml:1: summary: tidak ada"),
        ("course.yaml", "draw: 2", "draw: 9", "course.yaml:13: post_test"),
        ("course.yaml", "[perpres-95]", "[perpres-96]", "course.yaml:11: legal"),
        ("course.yaml", "[1-pertama]", "[2-kedua]", "course.yaml:12: modules"),
        ("questions.yaml", "lesson: z-materi-1", "lesson: z-materi-9", "questions.yaml:3: lesson"),
        ("questions.yaml", "salah, correct: false", "salah, correct: true", "questions.yaml:6: options"),
        ("1-pertama/1-materi.md", "reading_minutes: 10", "reading_minutes: lama", "1-materi.md:4: reading_minutes"),
        ("1-pertama/1-materi.md", "perpres-95", "perpres-96", "1-materi.md:9: ::: dasar-hukum"),
        ("1-pertama/1-materi.md", "bagan.svg", "lain.svg", "1-materi.md:12: ::: gambar"),
    ],
)
def test_a_mistake_is_told_with_file_and_line(load, files, file, old, new, problem):
    change(files / "contoh" / file, old, new)
    with pytest.raises(CommandError) as caught:
        load()
    assert problem in str(caught.value)
    assert not Course.objects.exists()


def test_too_few_minutes_are_refused(load, files):
    change(files / "contoh" / "course.yaml", "credit_hours: 1", "credit_hours: 2")
    with pytest.raises(CommandError, match="90"):
        load()
    assert not CoursePage.objects.exists()


def test_a_missing_organiser_is_told(load):
    Organiser.objects.all().delete()
    with pytest.raises(CommandError, match="load_agencies"):
        load()
    with pytest.raises(CommandError, match="LAIN"):
        load("--organiser", "LAIN")


def test_an_unknown_course_is_told(load):
    with pytest.raises(CommandError, match="contoh"):
        load("--course", "tidak-ada")


def test_a_replaced_reference_points_to_its_replacement(load, files):
    newer = REFERENCE.replace("key: perpres-95", "key: perpres-baru")
    older = REFERENCE.replace('note: ""', "superseded_by: perpres-baru")
    (files / "legal-references.yaml").write_text(older + newer, encoding="utf-8")
    load()
    replacement = LegalReference.objects.get(key="perpres-baru")
    assert LegalReference.objects.get(key="perpres-95").superseded_by == replacement


def test_our_own_curriculum_loads_and_carries_its_hours():
    OrganiserFactory(code="BPSDMD-NTT")
    call_command("load_curriculum", "--folder", str(CURRICULUM))
    assert set(Course.objects.values_list("code", flat=True)) >= {"C1", "C3"}
    for edition in Edition.objects.all():
        assert edition.modules.count() == 4
        assert sum(edition.modules.values_list("credit_hours", flat=True)) == edition.credit_hours
        assert sum(edition.activities.values_list("minutes", flat=True)) >= 45 * edition.credit_hours
        assert edition.activities.get(kind="quiz").questions.count() >= 20
