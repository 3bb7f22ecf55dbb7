"""The outline and the text of an edition, kept in the cache."""

from __future__ import annotations

import uuid
from datetime import date

import pytest
from django.core.files.base import ContentFile
from wagtail.documents.models import Document

from academy.pages.caching import content_changed
from courses.models import EditionActivity
from courses.outline import outline_of, rendered_body
from courses.publishing import publish_edition
from tests.courses.authoring import make_course_page, make_image, make_legal_reference
from tests.factories import make_edition

pytestmark = pytest.mark.django_db


def body_of(blocks, now):
    page = make_course_page(body=blocks)
    edition = publish_edition(page.course, kind="minor", by=None, at=now)
    return rendered_body(edition.activities.get(position=1).pk, "id")


def test_the_outline_tells_modules_and_activities_in_order():
    edition = make_edition(lessons=2, questions=4)
    outline = outline_of(edition)
    assert (outline.number, outline.course_key, outline.minutes) == ("1.0", edition.course.key, 135)
    assert [activity.number for activity in outline.activities] == ["1.1", "1.2", "1.3"]
    assert [activity.is_quiz for activity in outline.activities] == [False, False, True]
    assert outline.modules[0].activities == outline.activities


def test_neighbours_and_looking_up():
    outline = outline_of(make_edition(lessons=2))
    first, second, last = outline.activities
    assert (outline.before(first), outline.after(first), outline.after(last)) == (None, second, None)
    assert outline.find(second.activity) == second
    assert outline.find(uuid.uuid4()) is None
    assert outline.module_of(last) == outline.modules[0]


def test_a_kept_outline_asks_the_database_nothing(django_assert_num_queries):
    edition = make_edition()
    first = outline_of(edition)
    with django_assert_num_queries(0):
        assert outline_of(edition.pk) == first


def test_a_kept_text_asks_the_database_nothing(django_assert_num_queries):
    activity = EditionActivity.objects.get(edition=make_edition(), position=1)
    assert "<p>Isi materi 1.</p>" in rendered_body(activity.pk, "id")
    with django_assert_num_queries(0):
        rendered_body(activity.pk, "id")


def test_a_figure_has_size_text_and_description(now):
    image = make_image()
    html = body_of(
        [
            {
                "type": "figure",
                "value": {"image": image.pk, "alt": "Bagan <1>", "caption": "Alur", "description": "Dari A ke B."},
            }
        ],
        now,
    )
    assert f'src="/media/{image.file.name}"' in html
    assert 'alt="Bagan &lt;1&gt;"' in html
    assert 'width="320"' in html
    assert 'height="200"' in html
    assert 'loading="lazy"' in html
    assert "<details" in html
    assert "Dari A ke B." in html


def test_a_table_has_caption_and_headings_and_scrolls(now):
    table = {
        "data": [["Prinsip", "Arti"], ["Keamanan", "Aman & terjaga"]],
        "first_row_is_table_header": True,
        "first_col_is_header": True,
    }
    html = body_of([{"type": "table", "value": {"caption": "Dua kolom", "table": table}}], now)
    assert "<caption>Dua kolom</caption>" in html
    assert '<th scope="col">Arti</th>' in html
    assert '<th scope="row">Keamanan</th>' in html
    assert "<td>Aman &amp; terjaga</td>" in html
    assert 'role="region"' in html


def test_a_file_tells_its_kind_and_size(now):
    document = Document(title="Lembar kerja", file=ContentFile(b"a,b\n" * 300, name="lembar.csv"))
    document.file_size = 1200
    document.save()
    html = body_of([{"type": "file", "value": {"title": "Lembar kerja", "document": document.pk}}], now)
    assert document.url in html
    assert "(CSV, 1,2\xa0KB)" in html


def test_the_legal_basis_tells_its_day_and_when_it_was_replaced(now):
    old = make_legal_reference()
    html = body_of([{"type": "legal_basis", "value": {"reference": old.pk, "note": "Catatan"}}], now)
    assert "1 November 2026" in html
    assert "legal-basis__warning" not in html
    old.superseded_by = make_legal_reference("perpres-baru", regulation="Perpres Baru", as_of_on=date(2027, 1, 1))
    old.save()
    content_changed()
    html = rendered_body(EditionActivity.objects.get(position=1).pk, "id")
    assert "legal-basis__warning" in html
    assert "Perpres Baru" in html


def test_all_blocks_of_a_lesson_are_drawn(now):
    html = body_of(
        [
            {"type": "definition", "value": {"term": "SPBE", "text": "<p>Arti.</p>"}},
            {"type": "example", "value": {"title": "", "text": "<p>Misal.</p>"}},
            {"type": "quote", "value": {"text": "Kata\nlain", "source": "Perpres"}},
            {"type": "steps", "value": {"title": "Cara", "steps": ["<p>Satu</p>", "<p>Dua</p>"]}},
        ],
        now,
    )
    for part in ("<dfn>SPBE</dfn>", "<p>Misal.</p>", "<figcaption>Perpres</figcaption>", "steps__list", "<p>Dua</p>"):
        assert part in html
