"""A text shows no image, file or page of another organiser, whatever numbers are posted."""

from __future__ import annotations

import json
from types import SimpleNamespace

import pytest
from django.urls import reverse
from wagtail.test.utils.form_data import inline_formset, nested_form_data, streamfield

from academy.people.models import Role
from courses.models import LessonPage
from courses.trainers import organiser_collection
from tests.courses.authoring import make_document, make_image
from tests.factories import LONG_AGO, PersonFactory

pytestmark = pytest.mark.django_db
PAGES: list[dict[str, str]] = [{}, {}]
REFUSED = "milik penyelenggara lain sudah dikeluarkan"


def lesson_of(course):
    return LessonPage.objects.descendant_of(course).first()


def files_of(course, name):
    collection = organiser_collection(course.course.organiser)
    image, document = make_image(f"{name}.svg"), make_document(f"{name}.csv")
    for one in (image, document):
        one.collection = collection
        one.save()
    return SimpleNamespace(image=image, document=document, page=lesson_of(course))


@pytest.fixture
def course(page):
    return page


@pytest.fixture
def own(course):
    return files_of(course, "kami")


@pytest.fixture
def foreign(own, pages):
    other = pages[1]
    LessonPage.objects.descendant_of(other).update(title="rahasia", draft_title="rahasia")
    return files_of(other, "rahasia")


@pytest.fixture(autouse=True)
def trainer(client, course, own, foreign):
    person = PersonFactory()
    Role.objects.create(person=person, kind=Role.Kind.TRAINER, unit=course.course.organiser.unit, from_at=LONG_AGO)
    client.force_login(person)
    return person


def link(kind, data):
    """A rich text as the editor posts it: some words, of which the last is a link."""
    block = {
        "key": "a",
        "text": "Lihat ini",
        "type": "unstyled",
        "depth": 0,
        "inlineStyleRanges": [],
        "entityRanges": [{"offset": 6, "length": 3, "key": 0}],
    }
    return json.dumps({"blocks": [block], "entityMap": {"0": {"type": kind, "mutability": "MUTABLE", "data": data}}})


def figure(files):
    return "figure", {"image": files.image.pk, "alt": "Alur", "caption": "", "description": ""}


def file(files):
    return "file", {"title": "Lembar kerja", "document": files.document.pk}


def document_link(files):
    return "text", link("DOCUMENT", {"id": files.document.pk})


def page_link(files):
    return "definition", {"term": "Kata", "text": link("LINK", {"id": files.page.pk, "url": "/"})}


def listed_link(files):
    one = {"value": link("LINK", {"id": files.page.pk, "url": "/"}), "order": "0", "deleted": "", "id": ""}
    return "steps", {"title": "", "steps": {"count": "1", "0": one}}


WAYS = [figure, file, document_link, page_link, listed_link]


def posted(blocks, **fields):
    return nested_form_data(
        {
            "title": "Materi",
            "slug": "materi-1-1",
            "summary": "",
            "reading_minutes": "60",
            "practice_minutes": "0",
            "body": streamfield(blocks),
            "seo_title": "",
            "search_description": "",
            "comments": inline_formset([]),
        }
        | fields
    )


def send(client, page, blocks, **fields):
    return client.post(reverse("wagtailadmin_pages:edit", args=[page.pk]), posted(blocks, **fields))


@pytest.mark.parametrize("fields", [{}, {"action-publish": "1"}, {"title": ""}])
@pytest.mark.parametrize("way", WAYS)
def test_what_others_have_is_refused_and_not_shown(client, own, foreign, way, fields):
    quote = ("quote", {"text": "Kata saya", "source": "Saya"})
    response = send(client, own.page, [quote, way(foreign)], **fields)
    assert response.status_code == 200
    assert REFUSED in response.text
    assert "(blok ke-2)" in response.text
    assert "Kata saya" in response.text
    assert "rahasia" not in response.text
    assert not own.page.revisions.exists()
    own.page.refresh_from_db()
    assert own.page.title == "Materi 1.1"


@pytest.mark.parametrize("way", WAYS)
def test_ones_own_is_saved(client, own, way):
    assert send(client, own.page, [way(own)]).status_code == 302
    assert own.page.revisions.exists()


def test_a_wrong_text_shows_nothing_of_others_either(client, own, foreign):
    response = send(
        client, own.page, [("quote", {"text": "", "source": ""}), figure(foreign)], **{"action-publish": "1"}
    )
    assert REFUSED in response.text
    assert "rahasia" not in response.text


def test_a_new_lesson_and_a_preview_are_refused_as_well(client, own, foreign):
    before = LessonPage.objects.count()
    module = own.page.get_parent()
    add = reverse("wagtailadmin_pages:add", args=["courses", "lessonpage", module.pk])
    assert REFUSED in client.post(add, posted([figure(foreign)], slug="baru")).text
    assert LessonPage.objects.count() == before
    preview = reverse("wagtailadmin_pages:preview_on_edit", args=[own.page.pk])
    assert not client.post(preview, posted([file(foreign)])).json()["is_valid"]
    assert "rahasia" not in client.get(preview, {"mode": ""}).text
    assert client.post(preview, posted([file(own)])).json()["is_valid"]


@pytest.mark.parametrize("as_draft", [True, False])
def test_what_the_text_showed_already_stays(client, own, foreign, as_draft):
    own.page.body = [{"type": "file", "value": {"title": "Lembar", "document": foreign.document.pk}}]
    revision = own.page.save_revision()
    if not as_draft:
        revision.publish()
    assert send(client, own.page, [file(foreign), figure(own)]).status_code == 302
    own.page.refresh_from_db()
    assert [one.block_type for one in own.page.get_latest_revision_as_object().body] == ["file", "figure"]
