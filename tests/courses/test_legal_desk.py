"""Changing a legal reference: first what it touches is shown, then it is stored."""

from __future__ import annotations

import re

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from wagtail.models import ModelLogEntry

from academy.people.models import Role
from courses.legal_desk import impact_of
from courses.models import Course, LessonPage, Question
from courses.publishing import publish_edition
from tests.courses.authoring import make_course_page, make_legal_reference
from tests.factories import LONG_AGO, PersonFactory, make_completion, make_enrolment

pytestmark = pytest.mark.django_db
SEEN = re.compile(r'name="seen" value="(\w+)"')


@pytest.fixture
def reference():
    return make_legal_reference()


@pytest.fixture
def shown(reference, now):
    """A course whose two lessons and one question rest on the reference; one person has finished it."""
    body = [{"type": "legal_basis", "value": {"reference": reference.pk, "note": ""}}]
    page = make_course_page(body=body, questions=4, title="Memuat", slug="memuat")
    Question.objects.filter(bank__organiser=page.course.organiser, key="q0").update(legal_reference=reference)
    make_completion(PersonFactory(), edition=publish_edition(page.course, kind="minor", by=None, at=now))
    return page


@pytest.fixture
def organiser(client, shown):
    person = PersonFactory()
    unit = shown.course.organiser.unit
    Role.objects.create(person=person, kind=Role.Kind.ORGANISER, unit=unit, from_at=LONG_AGO)
    client.force_login(person)
    return person


def url_of(reference):
    return reverse("wagtailsnippets_courses_legalreference:edit", args=[reference.pk])


def typed(reference, **changes):
    """What a browser sends, with the line ends of forms."""
    fields = {
        "regulation": reference.regulation,
        "article": reference.article,
        "summary": "Baru:\r\ndua <b>baris</b>.",
        "as_of_on": "2026-11-20",
        "review_by_on": "2027-05-01",
        "superseded_by": "",
        "url": "",
        "key": reference.key,
    }
    return fields | changes


def fields_of(response):
    """The hidden fields of the page that asks, as a browser sends them."""
    form = response.context["form"]
    sent = {name: form[name].value() or "" for name in form.fields}
    for name, value in sent.items():
        assert f'name="{name}"' in response.text, (name, value)
    return sent | {"seen": SEEN.findall(response.text)[0]}


def stored(reference):
    reference.refresh_from_db()
    return reference.summary


def changes_logged(reference):
    return ModelLogEntry.objects.filter(object_id=str(reference.pk), action="wagtail.edit").count()


def test_a_change_is_asked_about_before_it_is_stored(client, reference, organiser):
    response = client.post(url_of(reference), typed(reference))
    text = response.text
    assert (response.status_code, stored(reference), changes_logged(reference)) == (200, "Tujuh prinsip.", 0)
    impact = impact_of(reference)
    assert ({one.title for one in impact.pages}, len(impact.questions)) == ({"Materi 1.1", "Materi 1.2"}, 1)
    assert (len(impact.activities), impact.completed) == (2, 1)
    for part in ("Materi 1.1", "Materi 1.2", impact.questions[0].text, "Tujuh prinsip.", "20 November 2026"):
        assert part in text
    assert "dua &lt;b&gt;baris&lt;/b&gt;." in text
    assert re.search(r"menyelesaikan.*?</th><td>1</td>", text, re.DOTALL)


def test_what_was_seen_is_stored_and_a_repeat_changes_nothing(client, reference, organiser):
    confirmed = fields_of(client.post(url_of(reference), typed(reference)))
    for _again in range(2):
        assert client.post(url_of(reference), confirmed).status_code == 302
    assert "dua <b>baris</b>." in stored(reference)
    assert (str(reference.as_of_on), changes_logged(reference)) == ("2026-11-20", 1)


def test_superseding_is_asked_about_too(client, reference, organiser):
    newer = make_legal_reference("baru", regulation="Peraturan Presiden Nomor 1 Tahun 2027")
    data = typed(reference, summary=reference.summary, as_of_on="2026-11-01", superseded_by=str(newer.pk))
    response = client.post(url_of(reference), data)
    reference.refresh_from_db()
    assert reference.superseded_by is None
    assert [(before, str(after)) for _label, before, after in response.context["changes"]] == [("", f"{newer} (baru)")]
    client.post(url_of(reference), fields_of(response))
    reference.refresh_from_db()
    assert reference.superseded_by == newer


@pytest.mark.parametrize("through", [0, 1, 2])
def test_a_reference_that_replaces_itself_is_not_stored(client, reference, organiser, through):
    """Directly, or through others that are replaced by it already."""
    newest = reference
    for number in range(through):
        newest = make_legal_reference(f"antara-{number}", superseded_by=newest)
    response = client.post(url_of(reference), typed(reference, superseded_by=str(newest.pk)))
    assert "Ini berputar kembali" in response.text
    reference.refresh_from_db()
    assert (reference.superseded_by, stored(reference)) == (None, "Tujuh prinsip.")


def test_a_reference_is_reviewed_after_the_day_it_was_true(client, reference, organiser):
    response = client.post(url_of(reference), typed(reference, review_by_on="2026-11-19"))
    assert "mendahului tanggal" in response.text
    assert stored(reference) == "Tujuh prinsip."
    fields = fields_of(client.post(url_of(reference), typed(reference, review_by_on="2026-11-20")))
    assert client.post(url_of(reference), fields).status_code == 302


def test_another_successor_with_the_same_words_is_stored_too(client, reference, organiser):
    """Two references to one article, each true as of another day."""
    first, second = (make_legal_reference(key, as_of_on=f"2027-0{day}-01") for day, key in ((1, "satu"), (2, "dua")))
    assert str(first) == str(second)
    type(reference).objects.filter(pk=reference.pk).update(superseded_by=first)
    data = typed(reference, summary=reference.summary, as_of_on="2026-11-01", superseded_by=str(second.pk))
    response = client.post(url_of(reference), data)
    assert [words[1:] for words in response.context["changes"]] == [(f"{first} (satu)", f"{second} (dua)")]
    client.post(url_of(reference), fields_of(response))
    reference.refresh_from_db()
    assert reference.superseded_by == second


def test_who_goes_on_writing_finds_what_was_typed_and_nothing_stored(client, reference, organiser):
    confirmed = fields_of(client.post(url_of(reference), typed(reference)))
    response = client.post(url_of(reference), confirmed | {"again": "1"})
    assert "dua &lt;b&gt;baris&lt;/b&gt;." in response.text
    assert 'id="w-editor-form"' in response.text
    assert (stored(reference), changes_logged(reference)) == ("Tujuh prinsip.", 0)
    assert "Tujuh prinsip." in client.get(url_of(reference)).text  # where “cancel” leads


def test_what_is_touched_otherwise_meanwhile_is_shown_again(client, reference, organiser):
    confirmed = fields_of(client.post(url_of(reference), typed(reference)))
    LessonPage.objects.get(title="Materi 1.2").unpublish()
    response = client.post(url_of(reference), confirmed)
    assert (response.status_code, stored(reference)) == (409, "Tujuh prinsip.")
    client.post(url_of(reference), fields_of(response))
    assert "baris" in stored(reference)


def test_people_who_join_and_finish_meanwhile_hold_up_nobody(client, reference, shown, organiser):
    confirmed = fields_of(client.post(url_of(reference), typed(reference)))
    before = impact_of(reference)
    make_enrolment(edition=shown.course.editions.get())
    make_completion(edition=shown.course.editions.get())
    after = impact_of(reference)
    assert (after.running, after.completed) == (before.running + 1, before.completed + 1)
    assert client.post(url_of(reference), confirmed).status_code == 302
    assert "baris" in stored(reference)


def test_what_others_stored_meanwhile_is_shown_before_it_is_overwritten(client, reference, organiser):
    confirmed = fields_of(client.post(url_of(reference), typed(reference)))
    type(reference).objects.filter(pk=reference.pk).update(url="https://peraturan.go.id/lain")
    response = client.post(url_of(reference), confirmed)
    assert response.status_code == 409
    assert "https://peraturan.go.id/lain" in response.text


def test_a_reference_nobody_uses_is_changed_at_once(client, organiser):
    idle = make_legal_reference("menganggur")
    assert client.post(url_of(idle), typed(idle)).status_code == 302
    assert "baris" in stored(idle)


def test_what_is_wrong_is_refused_before_anything_is_asked(client, reference, organiser):
    response = client.post(url_of(reference), typed(reference, regulation="", as_of_on="kemarin"))
    assert SEEN.search(response.text) is None
    assert set(response.context["form"].errors) == {"regulation", "as_of_on"}
    assert stored(reference) == "Tujuh prinsip."


def test_pages_of_others_are_counted_and_not_named(client, reference, organiser):
    body = [{"type": "legal_basis", "value": {"reference": reference.pk, "note": ""}}]
    make_course_page(body=body, title="Milik Lain", slug="milik-lain")
    LessonPage.objects.filter(url_path__contains="milik-lain", title="Materi 1.1").update(title="Rahasia lain")
    for response in (
        client.post(url_of(reference), typed(reference)),
        client.get(reverse("legal_impact", args=[reference.pk])),
    ):
        assert "Materi 1.1" in response.text
        assert "Rahasia lain" not in response.text
        assert len(response.context["impact"].pages) == 4


@pytest.mark.parametrize("cited_by", ["question", "course page"])
def test_people_are_counted_wherever_their_course_cites_the_reference(now, cited_by):
    """Without a lesson that shows it; nobody is counted twice, and nobody of a course that does not cite it."""
    reference = make_legal_reference()
    page, other = (make_course_page(title=slug, slug=slug) for slug in ("dikutip", "lain"))
    if cited_by == "question":
        Question.objects.filter(bank__organiser=page.course.organiser).update(legal_reference=reference)
    else:
        page.legal_references.add(reference)
        page.save()
    for one in (page, other):
        edition = publish_edition(one.course, kind="minor", by=None, at=now)
        make_completion(PersonFactory(), edition=edition)
        make_enrolment(PersonFactory(), edition=edition)
    impact = impact_of(reference)
    assert (impact.completed, impact.running) == (1, 1)


def test_asking_costs_the_same_whatever_is_touched(client, reference, shown, organiser):
    def queries():
        with CaptureQueriesContext(connection) as captured:
            assert client.post(url_of(reference), typed(reference)).status_code == 200
        return len(captured)

    queries()
    few = queries()
    body = [{"type": "legal_basis", "value": {"reference": reference.pk, "note": ""}}]
    page = make_course_page(body=body, questions=9, modules=4, title="Besar", slug="besar")
    own = shown.course.organiser
    Question.objects.filter(bank__organiser=page.course.organiser).update(legal_reference=reference)
    page.course.organiser.question_banks.update(organiser=own)
    Course.objects.filter(pk=page.course_id).update(organiser=own)
    response = client.get(reverse("legal_impact", args=[reference.pk]))
    assert (len(response.context["pages"]), len(response.context["questions"])) == (10, 10)
    assert few == queries()
