"""What spares a trainer steps in the CMS: keys, banks and modules made along, drafts published together, previews."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone
from wagtail.test.utils.form_data import inline_formset, nested_form_data, rich_text, streamfield

from academy.pages.tasks import publish_scheduled_pages
from academy.people.models import Role
from courses.desk_drafts import CannotPublish, publish_drafts, unpublished
from courses.models import Course, CoursePage, LessonPage, ModulePage, Question, QuestionBank, QuizPage
from courses.publishing import publish_edition
from tests.courses.authoring import make_course_page, make_legal_reference
from tests.factories import LONG_AGO, OrganiserFactory, PersonFactory

pytestmark = pytest.mark.django_db
PAGES = [{"title": "Dasar SPBE", "slug": "dasar-spbe", "modules": 2}]
QUESTIONS = "/cms/snippets/courses/question/"


@pytest.fixture
def trainer(client, page):
    person = PersonFactory(name="Adrianus Lelo")
    Role.objects.create(person=person, kind=Role.Kind.TRAINER, unit=page.course.organiser.unit, from_at=LONG_AGO)
    client.force_login(person)
    return person


def outline_url(page):
    return reverse("course_outline", args=[page.pk])


def edition_url(page):
    return reverse("publish_edition", args=[page.pk])


def said(response):
    return " ".join(str(message) for message in response.context["messages"])


def lesson_data(lesson, **fields):
    return nested_form_data(
        {
            "title": lesson.title,
            "slug": lesson.slug,
            "summary": "",
            "reading_minutes": "60",
            "practice_minutes": "0",
            "body": streamfield([("text", rich_text("<p>Isi <b>baru</b>.</p>"))]),
            "comments": inline_formset([]),
        }
        | fields
    )


def new_course(client, page, **fields):
    data = {
        "title": "Arsip Digital",
        "code": "ARS",
        "organiser": page.course.organiser_id,
        "level": "dasar",
        "credit_hours": "1",
        "pass_mark": "70",
    }
    return client.post(reverse("wagtailsnippets_courses_course:add"), data | fields)


def test_a_new_course_brings_key_page_and_bank_and_leads_to_its_outline(client, page, trainer):
    response = new_course(client, page)
    made = CoursePage.objects.get(course__key="arsip-digital")
    assert response.url == outline_url(made)
    assert QuestionBank.objects.get(key="arsip-digital").organiser == page.course.organiser
    assert client.get(response.url).status_code == 200
    new_course(client, page, code="ARS2")
    assert Course.objects.get(code="ARS2").key == "arsip-digital-2"


def test_a_new_course_has_a_bank_of_its_own_though_others_hold_the_key(client, page, trainer):
    QuestionBank.objects.create(key="arsip-digital", title="Lain", organiser=OrganiserFactory())
    new_course(client, page)
    assert Course.objects.get(code="ARS").key == "arsip-digital"
    bank = QuestionBank.objects.get(title="Arsip Digital")
    assert (bank.key, bank.organiser) == ("arsip-digital-2", page.course.organiser)


def test_the_only_organiser_is_chosen_already(client, page, trainer):
    form = client.get(reverse("wagtailsnippets_courses_course:add")).context["form"]
    assert form["organiser"].value() == page.course.organiser_id


def test_a_module_is_added_once_from_the_outline(client, page, trainer):
    data = {"action": "add_module", "title": "Modul baru"}
    client.post(outline_url(page), data)
    refused = client.post(outline_url(page), data)
    assert refused.status_code == 422
    assert ModulePage.objects.filter(title="Modul baru", live=False, owner=trainer).count() == 1
    assert client.post(outline_url(page), data | {"title": " "}).status_code == 422


@pytest.mark.parametrize("action", ["add_module", "rename"])
@pytest.mark.parametrize("character", ["\x00", "\x1b", "\n"])
def test_a_title_with_a_control_character_is_refused(client, page, trainer, action, character):
    module = ModulePage.objects.get(title="Modul 1")
    data = {"action": action, "page": module.pk, "title": f"Mo{character}dul baru"}
    response = client.post(outline_url(page), data)
    assert response.status_code == 422
    assert "tidak terlihat" in said(response)
    assert (ModulePage.objects.count(), ModulePage.objects.get(pk=module.pk).draft_title) == (2, "Modul 1")


def test_a_reviewer_adds_no_module_and_publishes_no_draft(client, page):
    person = PersonFactory()
    Role.objects.create(person=person, kind=Role.Kind.REVIEWER, unit=page.course.organiser.unit, from_at=LONG_AGO)
    client.force_login(person)
    LessonPage.objects.get(title="Materi 1.1").save_revision()
    client.post(outline_url(page), {"action": "add_module", "title": "Baru"})
    client.post(edition_url(page), {"action": "publish_drafts"})
    assert not ModulePage.objects.filter(title="Baru").exists()
    assert LessonPage.objects.get(title="Materi 1.1").live_revision is None


def test_a_new_quiz_draws_from_the_bank_of_its_course(client, page, trainer):
    new_course(client, page)
    made = CoursePage.objects.get(course__key="arsip-digital")
    client.post(outline_url(made), {"action": "add_module", "title": "Modul"})
    module = ModulePage.objects.get(title="Modul")
    form = client.get(reverse("wagtailadmin_pages:add", args=["courses", "quizpage", module.pk])).context["form"]
    assert form["bank"].value() == QuestionBank.objects.get(key="arsip-digital").pk


def write_question(client, address, bank, **fields):
    data = {
        "bank": bank.pk,
        "kind": "single",
        "topic": "Arsip",
        "text": "Di mana surat disimpan?",
        "explanation": "Menurut pedoman.",
        "options": inline_formset([{"text": "benar", "is_correct": "on"}, {"text": "salah"}]),
    }
    return client.post(address, nested_form_data(data | fields))


def test_questions_are_written_in_a_row_and_lead_back(client, page, trainer):
    bank = QuestionBank.objects.get()
    address = f"{QUESTIONS}add/?bank={bank.pk}&next={outline_url(page)}"
    assert client.get(address).context["form"]["bank"].value() == bank.pk
    onward = write_question(client, address, bank, **{"action-another": "1"})
    assert Question.objects.get(text="Di mana surat disimpan?").key == "di-mana-surat-disimpan"
    form = client.get(onward.url).context["form"]
    assert (form["bank"].value(), form["topic"].value()) == (bank.pk, "Arsip")
    back = write_question(client, onward.url, bank, text="Kapan?")
    assert back.url == outline_url(page)
    assert write_question(client, f"{QUESTIONS}add/?next=//jahat.test/", bank, text="Siapa?").url == QUESTIONS


@pytest.mark.parametrize("asked", ["foreign", "0", "x", "9" * 40])
def test_a_bank_that_is_not_ones_own_is_not_chosen(client, page, trainer, asked):
    foreign = make_course_page(title="Lain", slug="lain").course.organiser.question_banks.get()
    bank = str(foreign.pk) if asked == "foreign" else asked
    form = client.get(f"{QUESTIONS}add/?bank={bank}").context["form"]
    assert form["bank"].value() != foreign.pk


def test_part_of_a_word_finds_questions_and_regulations(client, page, trainer):
    Question.objects.filter(key="q0").update(text="Siapa menandatangani surat?")
    reference = make_legal_reference()
    assert "menandatangani" in client.get(f"{QUESTIONS}?q=tangan").content.decode()
    assert "menandatangani" not in client.get(f"{QUESTIONS}?q=tangkai").content.decode()
    listed = client.get("/cms/snippets/courses/legalreference/?q=resid").content.decode()
    assert str(reference) in listed
    chosen = client.get("/cms/snippets/choose/courses/legalreference/results/?q=perat").content.decode()
    assert str(reference) in chosen


def test_all_drafts_of_a_course_are_published_together_once(client, page, trainer):
    client.post(outline_url(page), {"action": "add_module", "title": "Modul baru"})
    lesson = LessonPage.objects.get(title="Materi 1.1")
    lesson.title = "Judul baru"
    lesson.save_revision()
    assert [one.draft_title for one in unpublished(page)] == ["Judul baru", "Modul baru"]
    assert "Judul baru" in client.get(edition_url(page)).content.decode()
    response = client.post(edition_url(page), {"action": "publish_drafts"}, follow=True)
    assert "2 halaman terbit" in said(response)
    assert LessonPage.objects.get(pk=lesson.pk).title == "Judul baru"
    assert ModulePage.objects.get(title="Modul baru").live
    assert publish_drafts(page, by=trainer) == []


@pytest.mark.parametrize("lack", ["title", "body"])
def test_an_incomplete_draft_keeps_all_others_from_being_published(client, page, trainer, lack):
    other = LessonPage.objects.get(title="Materi 1.2")
    other.summary = "Baru."
    other.save_revision()
    lesson = LessonPage.objects.get(title="Materi 1.1")
    if lack == "body":
        lesson.body = [("example", {"title": "", "text": None})]
    else:
        lesson.title = ""
    lesson.save_revision(clean=False)
    client.get("/cms/")
    with pytest.raises(CannotPublish):
        publish_drafts(page, by=trainer)
    assert LessonPage.objects.get(pk=other.pk).summary == "Satu kalimat."
    response = client.post(edition_url(page), {"action": "publish_drafts"}, follow=True)
    assert "belum lengkap" in said(response)


def test_a_loaded_page_stays_published_until_the_moment_of_its_next_text(client, page, trainer):
    lesson = LessonPage.objects.get(title="Materi 1.1")
    assert lesson.live_revision is None
    moment = timezone.localtime(timezone.now() + timedelta(days=1))
    data = lesson_data(lesson, title="Besok", **{"action-publish": "1", "go_live_at": f"{moment:%Y-%m-%d %H:%M}"})
    client.post(reverse("wagtailadmin_pages:edit", args=[lesson.pk]), data)
    publish_scheduled_pages()
    stored = LessonPage.objects.get(pk=lesson.pk)
    assert (stored.live, stored.title, stored.draft_title) == (True, "Materi 1.1", "Besok")
    assert stored.live_revision.as_object().title == "Materi 1.1"
    assert stored.get_latest_revision().as_object().title == "Besok"
    assert unpublished(page) == []


def test_a_draft_for_a_later_moment_is_not_published_with_the_others(client, page, trainer):
    """Loaded pages have no revision of what is live: Wagtail would take them off the site until that moment."""
    later, now, past = LessonPage.objects.order_by("path")[:3]
    moment = timezone.localtime(timezone.now() + timedelta(days=1))
    saved = lesson_data(later, title="Besok", go_live_at=f"{moment:%Y-%m-%d %H:%M}")
    client.post(reverse("wagtailadmin_pages:edit", args=[later.pk]), saved)
    past.go_live_at = timezone.now() - timedelta(days=1)
    for one in (now, past):
        one.summary = "Baru."
        one.save_revision()
    assert LessonPage.objects.get(pk=later.pk).draft_title == "Besok"
    response = client.post(edition_url(page), {"action": "publish_drafts"}, follow=True)
    assert "2 halaman terbit" in said(response)
    stored = LessonPage.objects.get(pk=later.pk)
    assert (stored.live, stored.title, stored.latest_revision.approved_go_live_at) == (True, "Materi 1.1", None)
    assert [LessonPage.objects.get(pk=one.pk).summary for one in (now, past)] == ["Baru."] * 2


def test_publishing_is_the_plain_button_of_what_only_authors_see(client, page, trainer):
    lesson = client.get(reverse("wagtailadmin_pages:edit", args=[LessonPage.objects.first().pk])).content.decode()
    assert lesson.index('name="action-publish"') < lesson.index("Simpan konsep")
    module = client.get(reverse("wagtailadmin_pages:add", args=["courses", "modulepage", page.pk])).content.decode()
    assert module.index('name="action-publish"') < module.index("Simpan konsep")
    course = client.get(reverse("wagtailadmin_pages:edit", args=[page.pk])).content.decode()
    assert course.index('name="action-publish"') > course.index("Simpan konsep")


def test_the_second_reader_of_a_first_edition_reads_all_of_it(client, page, trainer):
    client.post(edition_url(page), {"action": "propose", "kind": "minor"})
    reader = PersonFactory()
    Role.objects.create(person=reader, kind=Role.Kind.TRAINER, unit=page.course.organiser.unit, from_at=LONG_AGO)
    client.force_login(reader)
    text = client.get(edition_url(page)).content.decode()
    assert all(words in text for words in ("Isi materi 1.1.", "Isi materi 2.2.", "Soal: Soal 3?", "✓ Pilihan 0"))


def draft_of(client, page):
    return client.get(reverse("wagtailadmin_pages:view_draft", args=[page.pk])).content.decode().split('id="main"')[1]


def test_the_preview_of_a_module_shows_its_drafts(client, page, trainer):
    lesson = LessonPage.objects.get(title="Materi 2.1")
    lesson.title = "Konsep materi"
    lesson.save_revision()
    text = draft_of(client, ModulePage.objects.get(title="Modul 2"))
    assert all(words in text for words in ("Modul 2. Modul 2", "Isi modul.", "2.1 Konsep materi", "2.3 Tes akhir"))
    assert "Materi 1.1" not in text
    assert "<button" not in text


def test_a_module_that_is_new_can_be_previewed(client, page, trainer):
    url = reverse("wagtailadmin_pages:preview_on_add", args=["courses", "modulepage", page.pk])
    data = {"title": "Modul baru", "slug": "baru", "summary": "Nanti.", "comments": inline_formset([])}
    assert client.post(url, nested_form_data(data)).json()["is_valid"]
    text = client.get(url, {"mode": ""}).content.decode()
    assert "Modul 3. Modul baru" in text
    assert "Modul ini masih kosong." in text


def test_the_preview_of_a_course_without_an_edition_shows_its_drafts(client, page, trainer, now):
    assert "1.1 Materi 1.1" in draft_of(client, page)
    publish_edition(page.course, kind="minor", by=None, at=now)
    QuizPage.objects.get().get_parent().get_children().first().specific.save_revision()
    lesson = LessonPage.objects.get(title="Materi 1.2")
    lesson.title = "Sesudah edisi"
    lesson.save_revision()
    text = draft_of(client, page)
    assert "1.2 Sesudah edisi" in text
    assert "/ikuti/" not in text


def queries_of(client, address):
    client.get(address)
    with CaptureQueriesContext(connection) as queries:
        assert client.get(address).status_code == 200
    return len(queries)


def test_the_home_of_the_cms_asks_as_much_for_many_courses_as_for_few(client, page, trainer):
    few = queries_of(client, "/cms/")
    for number in range(6):
        more = make_course_page(title=f"Lagi {number}", slug=f"lagi-{number}")
        Course.objects.filter(pk=more.course_id).update(organiser=page.course.organiser)
        more.save_revision()
    assert queries_of(client, "/cms/") <= few


def test_the_impact_of_a_regulation_asks_as_much_for_many_pages_as_for_few(client, page, trainer):
    reference = make_legal_reference()
    address = reverse("legal_impact", args=[reference.pk])
    body = [{"type": "legal_basis", "value": {"reference": reference.pk, "note": ""}}]

    def show(*, lessons):
        shown = make_course_page(title=f"Memuat {lessons}", slug=f"memuat-{lessons}", body=body, lessons=lessons)
        Course.objects.filter(pk=shown.course_id).update(organiser=page.course.organiser)
        Question.objects.filter(bank__key=f"bank-{shown.course.key}").update(legal_reference=reference)

    show(lessons=2)
    few = queries_of(client, address)
    show(lessons=8)
    assert queries_of(client, address) <= few
