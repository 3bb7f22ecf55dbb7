"""A question in the preview of the CMS: as it is typed, as learners meet it, and what they read afterwards."""

from __future__ import annotations

import pytest
from django.test import Client
from django.urls import reverse

from academy.people.models import Role
from courses.models import Question
from tests.courses.authoring import make_course_page
from tests.factories import LONG_AGO, PersonFactory

pytestmark = pytest.mark.django_db


def trainer_of(organiser):
    person = PersonFactory()
    Role.objects.create(person=person, kind=Role.Kind.TRAINER, unit=organiser.unit, from_at=LONG_AGO)
    return person


@pytest.fixture
def question() -> Question:
    bank = make_course_page().course.organiser.question_banks.get()
    first: Question = bank.questions.earliest("pk")
    return first


def typed(question: Question, **changed: str) -> dict[str, str]:
    options = list(question.options.all())
    form = {
        "bank": str(question.bank_id), "key": question.key, "kind": "single", "topic": "topik",
        "text": "Apa yang sedang ditulis?", "explanation": "Sebab\nbegitu.", "options-TOTAL_FORMS": str(len(options)),
        "options-INITIAL_FORMS": str(len(options)), "options-MIN_NUM_FORMS": "2", "options-MAX_NUM_FORMS": "8",
    }  # fmt: skip
    for number, option in enumerate(options):
        form |= {f"options-{number}-id": str(option.pk), f"options-{number}-text": f"Jawaban <b>{number}</b>",
                 f"options-{number}-ORDER": str(number + 1)}  # fmt: skip
    return form | {"options-2-is_correct": "on"} | changed


def preview_of(client: Client, question: Question, form: dict[str, str]) -> str:
    address = reverse("wagtailsnippets_courses_question:preview_on_edit", args=[question.pk])
    assert client.post(address, form).json()["is_valid"]
    answer = client.get(address)
    assert answer.status_code == 200
    return answer.content.decode()


def test_it_shows_what_is_typed_and_stores_nothing(client, question):
    client.force_login(trainer_of(question.bank.organiser))
    page = preview_of(client, question, typed(question))
    assert "Apa yang sedang ditulis?" in page
    assert page.count('type="radio"') == 4
    assert "Jawaban &lt;b&gt;0&lt;/b&gt;" in page
    assert "<strong>Jawaban &lt;b&gt;2&lt;/b&gt;</strong>" in " ".join(page.split())
    assert "Sebab<br>begitu." in page
    question.refresh_from_db()
    assert question.text == "Soal 0?"


def test_several_right_answers_are_boxes_with_their_hint(client, question):
    client.force_login(trainer_of(question.bank.organiser))
    page = preview_of(client, question, typed(question, kind="multiple"))
    assert page.count('type="checkbox"') == 4
    assert "Jawaban benar bisa lebih dari satu" in page


def test_the_editor_offers_the_preview(client, question):
    client.force_login(trainer_of(question.bank.organiser))
    editor = client.get(reverse("wagtailsnippets_courses_question:edit", args=[question.pk])).content.decode()
    assert reverse("wagtailsnippets_courses_question:preview_on_edit", args=[question.pk]) in editor


def test_another_organisers_question_is_not_previewed(client, question):
    other = make_course_page(title="Lain", slug="lain").course.organiser
    client.force_login(trainer_of(other))
    address = reverse("wagtailsnippets_courses_question:preview_on_edit", args=[question.pk])
    assert client.get(address).status_code == 404
    assert client.post(address, typed(question)).status_code == 404
