"""What differs between two contents, as a reader sees it."""

from __future__ import annotations

import pytest

from courses.comparing import compare, rows_of, text_lines
from courses.content import edition_content, published_content
from courses.models import LessonPage, Question, QuizPage
from courses.publishing import publish_edition
from tests.courses.authoring import make_course_page


def content_of(page):
    content = published_content(page.course)
    assert content is not None
    return content


def words(side):
    return "".join(f"[{piece.text}]" if piece.is_changed else piece.text for piece in side)


def test_equal_lines_are_no_rows():
    assert rows_of(["a", "b"], ["a", "b"]) == ()


def test_a_changed_word_is_marked_on_both_sides():
    (row,) = rows_of(["Ada tujuh prinsip."], ["Ada delapan prinsip."])
    assert (words(row.before), words(row.after)) == ("Ada [tujuh ]prinsip.", "Ada [delapan ]prinsip.")


def test_far_lines_are_left_out_and_near_ones_shown():
    old = [f"baris {number}" for number in range(9)]
    rows = rows_of(old, [*old[:8], "akhir"])
    assert [row.is_gap for row in rows] == [True, False, False]
    assert words(rows[1].before) == "baris 7"


def test_an_added_line_has_nothing_beside_it():
    row = rows_of(["a"], ["a", "b"])[-1]
    assert (words(row.before), words(row.after)) == ("", "[b]")


def test_text_lines_keep_links_and_images():
    html = '<h2>Judul</h2><p>Baca <a href="/x/">ini</a></p><img src="/media/bagan.width-800.png" alt="Bagan alir">'
    assert text_lines(html) == ["Judul", "Baca [/x/] ini", "[gambar bagan: Bagan alir]"]


@pytest.mark.django_db
def test_a_course_is_compared_activity_by_activity(now):
    page = make_course_page()
    before = edition_content(publish_edition(page.course, kind="minor", by=None, at=now))
    assert compare(before, content_of(page)) == []
    lesson = LessonPage.objects.get(title="Materi 1.1")
    lesson.body = [("text", "<p>Isi yang lain.</p>")]
    lesson.save_revision().publish()
    Question.objects.filter(key="q0").update(explanation="Sebab lain.")
    LessonPage.objects.get(title="Materi 1.2").delete()
    found = compare(before, content_of(page))
    assert [(one.label, one.title) for one in found] == [
        ("Berubah", "Susunan"),
        ("Berubah", "Materi 1.1"),
        ("Berubah", "Tes akhir"),
        ("Dihapus", "Materi 1.2"),
    ]
    marked = " ".join(words(row.after) for row in found[1].rows)
    assert "Isi [yang lain.]" in marked


@pytest.mark.django_db
def test_right_options_are_marked_for_those_who_decide(now):
    page = make_course_page()
    before = edition_content(publish_edition(page.course, kind="minor", by=None, at=now))
    QuizPage.objects.get().bank.questions.get(key="q0").options.filter(sort_order=1).update(is_correct=True)
    Question.objects.filter(key="q0").update(kind="multiple")
    (found,) = compare(before, content_of(page))
    assert any(words(row.before) == "[– ]Pilihan 1" for row in found.rows)
