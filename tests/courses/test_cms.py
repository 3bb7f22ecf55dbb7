"""The trainer's desk in the CMS: who may do what, publishing an edition, previews, and what cannot be deleted."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import Permission
from django.core.files.base import ContentFile
from django.urls import reverse
from wagtail.documents.models import Document
from wagtail.images.models import Image
from wagtail.models import Collection, GroupCollectionPermission, GroupPagePermission, Page
from wagtail.test.utils.form_data import inline_formset, nested_form_data, rich_text, streamfield

from academy.people.models import Role
from courses.models import (
    Course,
    CoursePage,
    EditionAsset,
    EditionProposal,
    LegalReference,
    LessonPage,
    ModulePage,
    Question,
    QuestionBank,
    QuestionOption,
    QuizPage,
)
from courses.publishing import publish_edition
from courses.trainers import ensure_groups
from tests.courses.authoring import SVG, make_course_page, make_image, make_legal_reference
from tests.factories import LONG_AGO, PersonFactory, make_enrolment

pytestmark = pytest.mark.django_db
PAGES = [{"title": "Dasar SPBE", "slug": "dasar-spbe", "questions": 4}]


@pytest.fixture
def trainer(client, page):
    person = PersonFactory(name="Adrianus Lelo")
    Role.objects.create(person=person, kind=Role.Kind.TRAINER, unit=page.course.organiser.unit, from_at=LONG_AGO)
    client.force_login(person)
    return person


@pytest.fixture
def administrator(client):
    person = PersonFactory(is_superuser=True)
    client.force_login(person)
    return person


def publish(page, now):
    return publish_edition(page.course, kind="minor", by=None, at=now)


def edition_url(page):
    return reverse("publish_edition", args=[page.pk])


def said(response):
    return " ".join(str(message) for message in response.context["messages"])


def test_the_groups_are_made_once(page):
    def counts():
        return (
            Permission.objects.filter(group__isnull=False).count(),
            GroupPagePermission.objects.count(),
            GroupCollectionPermission.objects.count(),
            Collection.objects.count(),
        )

    ensure_groups(page.course.organiser)
    before = counts()
    ensure_groups(page.course.organiser)
    assert counts() == before


def test_a_trainer_may_write_below_the_own_course_only(client, page, trainer):
    client.get("/cms/")
    lesson = LessonPage.objects.first()
    assert lesson is not None
    rights = lesson.permissions_for_user(trainer)
    assert rights.can_edit()
    assert rights.can_publish()
    home = page.get_parent().get_parent()
    assert not home.permissions_for_user(trainer).can_edit()
    assert not Page.get_first_root_node().permissions_for_user(trainer).can_edit()


@pytest.mark.parametrize(
    "address",
    [
        "/cms/",
        "/cms/pages/",
        "/cms/images/",
        "/cms/documents/",
        "/cms/snippets/courses/course/",
        "/cms/snippets/courses/question/?kind=single",
        "/cms/snippets/courses/questionbank/",
        "/cms/snippets/courses/legalreference/",
        "/cms/snippets/courses/question/add/",
        "/cms/account/",
    ],
)
def test_the_desk_of_a_trainer_opens(client, trainer, address):
    assert client.get(address, follow=True).request["PATH_INFO"].startswith(address.split("?")[0])


@pytest.mark.parametrize("address", ["/cms/users/", "/cms/groups/", "/cms/collections/"])
def test_what_is_not_for_trainers_stays_shut(client, trainer, address):
    assert client.get(address).status_code == 302


@pytest.mark.parametrize("address", ["/cms/", "/cms/pages/", "/cms/snippets/courses/question/"])
def test_a_learner_does_not_get_in(client, page, address):
    client.force_login(PersonFactory())
    assert client.get(address).status_code == 403


def test_the_cms_speaks_indonesian_and_has_its_policy(client, trainer):
    response = client.get("/cms/")
    assert '<html lang="id"' in response.content.decode()
    assert "Halaman" in response.content.decode()
    assert "default-src 'none'" in response.headers["Content-Security-Policy"]


def test_the_scripts_of_the_cms_get_their_words(client, trainer):
    response = client.get("/cms/jsi18n/")
    assert response.headers["Content-Type"].startswith("text/javascript")
    assert "Batal" in response.content.decode()


def test_every_page_can_be_edited(client, trainer, page):
    for model in (CoursePage, ModulePage, LessonPage, QuizPage):
        one = model.objects.first()
        response = client.get(reverse("wagtailadmin_pages:edit", args=[one.pk]))
        assert response.status_code == 200
        assert edition_url(page) in response.content.decode()


def test_the_chooser_shows_blocks_as_learners_see_them(client, trainer):
    shown = 0
    for name, block in LessonPage._meta.get_field("body").stream_block.child_blocks.items():
        if not hasattr(block.meta, "preview_value"):
            continue  # it points to an image, a file or a regulation, which a preview cannot have
        shown += 1
        assert block.is_previewable, name
        page = client.get(reverse("wagtailadmin_block_preview"), {"id": block.definition_prefix}).content.decode()
        assert "css/blocks.css" in page, name
        assert 'class="lesson' in page, name
    assert shown == 10


def test_a_lesson_is_written_and_published_in_the_cms(client, trainer, page, now):
    publish(page, now)
    lesson = LessonPage.objects.get(title="Materi 1.1")
    data = nested_form_data(
        {
            "title": "Materi baru",
            "slug": lesson.slug,
            "summary": "",
            "reading_minutes": "60",
            "practice_minutes": "0",
            "body": streamfield([("text", rich_text("<p>Isi <b>baru</b>.</p>"))]),
            "action-publish": "1",
            "seo_title": "",
            "search_description": "",
            "comments": inline_formset([]),
        }
    )
    response = client.post(reverse("wagtailadmin_pages:edit", args=[lesson.pk]), data, follow=True)
    lesson.refresh_from_db()
    assert lesson.title == "Materi baru"
    assert "1.0" in said(response)
    assert edition_url(page) in said(response)


def write_question(client, page, options, kind="single"):
    data = nested_form_data(
        {
            "bank": page.course.organiser.question_banks.get().pk,
            "key": "baru",
            "kind": kind,
            "topic": "topik",
            "text": "Soal baru?",
            "explanation": "Karena begitu.",
            "legal_reference": "",
            "retired_at": "",
            "options": inline_formset(options),
        }
    )
    return client.post("/cms/snippets/courses/question/add/", data)


RIGHT, OTHER_RIGHT = {"text": "benar", "is_correct": "on"}, {"text": "benar juga", "is_correct": "on"}
WRONG = {"text": "salah"}


@pytest.mark.parametrize(("kind", "options"), [("single", [RIGHT, WRONG]), ("multiple", [RIGHT, OTHER_RIGHT, WRONG])])
def test_a_question_is_written_with_its_options(client, trainer, page, kind, options):
    assert write_question(client, page, options, kind).status_code == 302
    assert QuestionOption.objects.filter(question__key="baru").count() == len(options)


@pytest.mark.parametrize(
    ("options", "reason"), [([WRONG, WRONG], "Tandai pilihan yang benar"), ([RIGHT, OTHER_RIGHT], "2 pilihan ditandai")]
)
def test_a_question_that_cannot_be_graded_is_refused_where_it_is_written(client, trainer, page, options, reason):
    response = write_question(client, page, options)
    assert response.status_code == 200
    assert reason in response.content.decode()
    assert "Soal baru?" in response.content.decode()
    assert not Question.objects.filter(key="baru").exists()


def test_who_deletes_a_lesson_learns_what_rests_on_it(client, trainer, page, now):
    edition = publish(page, now)
    make_enrolment(edition=edition)
    lesson = LessonPage.objects.descendant_of(page).first()
    response = client.get(f"/cms/pages/{lesson.pk}/delete/")
    assert f"Edisi {edition.number} dibuat dari halaman ini; 1 peserta tetap membacanya" in response.content.decode()


def test_a_trainer_may_not_delete_a_course(client, trainer, page):
    client.post(f"/cms/snippets/courses/course/delete/{page.course_id}/")
    assert Course.objects.filter(pk=page.course_id).exists()


@pytest.mark.parametrize("way", ["one", "many"])
@pytest.mark.parametrize("model", [Course, LegalReference, Question, QuestionBank])
def test_what_editions_rest_on_is_not_deleted_but_told(client, administrator, page, now, model, way):
    Question.objects.update(legal_reference=make_legal_reference())
    publish(page, now)
    row = model.objects.first()
    name = model._meta.model_name
    one, many = f"/cms/snippets/courses/{name}/delete/{row.pk}/", f"/cms/bulk/courses/{name}/delete/?id={row.pk}"
    for ask in (client.get, client.post):
        response = ask(one if way == "one" else many, follow=True)
        assert response.status_code == 200
        assert "tidak dihapus" in said(response)
        assert str(row) in said(response)
    assert ("Pensiunkan" in said(response)) == (model is Question)
    assert model.objects.filter(pk=row.pk).exists()


def test_a_question_that_no_edition_holds_may_go(client, administrator, page):
    question = Question.objects.get(key="q0")
    client.post(f"/cms/snippets/courses/question/delete/{question.pk}/")
    assert not Question.objects.filter(pk=question.pk).exists()


def test_a_trainer_retires_questions_and_deletes_none(client, trainer, page):
    question = Question.objects.get(key="q0")
    client.post(f"/cms/snippets/courses/question/delete/{question.pk}/")
    client.post(f"/cms/bulk/courses/question/delete/?id={question.pk}")
    assert Question.objects.filter(pk=question.pk).exists()


def propose(client, page, kind):
    return client.post(edition_url(page), {"action": "propose", "kind": kind}, follow=True)


def test_the_first_edition_is_proposed_by_post(client, trainer, page):
    assert client.get(edition_url(page)).status_code == 200
    assert not EditionProposal.objects.exists()
    response = propose(client, page, "minor")
    assert EditionProposal.objects.get().proposed_by == trainer
    assert "diajukan" in said(response)


def test_the_page_tells_what_changed_and_what_is_counted(client, trainer, page, now):
    publish(page, now)
    lesson = LessonPage.objects.get(title="Materi 1.1")
    lesson.title = "Judul baru"
    lesson.save_revision().publish()
    text = client.get(edition_url(page)).content.decode()
    assert "Judul baru" in text
    assert "150" in text  # 60 + 60 minutes of lessons and 30 of the test


def test_proposing_without_a_change_is_refused(client, trainer, page, now):
    publish(page, now)
    assert propose(client, page, "material").status_code == 422
    assert not EditionProposal.objects.exists()


@pytest.mark.parametrize("kind", ["", "entah"])
def test_an_unknown_kind_is_refused(client, trainer, page, kind):
    assert propose(client, page, kind).status_code == 422
    assert not EditionProposal.objects.exists()


def test_problems_are_told_and_nothing_is_proposed(client, trainer, page):
    QuizPage.objects.update(question_count=9)
    assert "Tes akhir" in client.get(edition_url(page)).content.decode()
    assert propose(client, page, "minor").status_code == 422
    assert not EditionProposal.objects.exists()


def test_only_who_may_publish_the_course_proposes_editions(client, page):
    person = PersonFactory()
    client.force_login(person)
    assert propose(client, page, "minor").status_code == 403
    Role.objects.create(person=person, kind=Role.Kind.REVIEWER, unit=page.course.organiser.unit, from_at=LONG_AGO)
    assert propose(client, page, "minor").request["PATH_INFO"] == "/cms/"
    assert not EditionProposal.objects.exists()


def test_the_preview_shows_what_learners_read(client, trainer, page):
    lesson = LessonPage.objects.get(title="Materi 1.1")
    lesson.title = "Konsep judul"
    lesson.save_revision()
    text = client.get(reverse("wagtailadmin_pages:view_draft", args=[lesson.pk])).content.decode()
    assert "Konsep judul" in text
    assert "<p>Isi materi 1.1.</p>" in text
    assert "<button" not in text.split('id="main"')[1]


def test_the_preview_of_a_quiz_shows_no_question(client, trainer, page):
    text = client.get(reverse("wagtailadmin_pages:view_draft", args=[QuizPage.objects.get().pk])).content.decode()
    assert "Tes akhir" in text
    assert "Soal 0?" not in text
    assert "<form" not in text.split('id="main"')[1]


def test_a_new_lesson_can_be_previewed_before_it_is_saved(client, trainer, page):
    module = ModulePage.objects.get()
    url = reverse("wagtailadmin_pages:preview_on_add", args=["courses", "lessonpage", module.pk])
    data = nested_form_data(
        {
            "title": "Belum disimpan",
            "slug": "belum",
            "reading_minutes": "5",
            "practice_minutes": "0",
            "body": streamfield([("text", rich_text("<p>Isi konsep.</p>"))]),
            "comments": inline_formset([]),
        }
    )
    assert client.post(url, data).json()["is_valid"]
    assert "Isi konsep." in client.get(url, {"mode": ""}).content.decode()


def test_the_course_page_can_be_previewed(client, trainer, page, now):
    publish(page, now)
    page.summary = "Ringkasan konsep."
    page.legal_references.add(make_legal_reference())
    page.save_revision()
    text = client.get(reverse("wagtailadmin_pages:view_draft", args=[page.pk])).content.decode()
    assert "Ringkasan konsep." in text


def test_deleting_a_course_page_in_the_cms_leaves_learners_alone(client, administrator, page, now):
    enrolment = make_enrolment(edition=publish(page, now))
    response = client.post(reverse("wagtailadmin_pages:delete", args=[page.pk]))
    assert response.status_code == 302
    assert not CoursePage.objects.exists()
    enrolment.refresh_from_db()
    assert enrolment.edition.activities.count() == 3


@pytest.fixture
def shown(now):
    """An image and a file that an edition shows."""
    image = make_image()
    document = Document(title="Lembar", collection=Collection.get_first_root_node())
    document.file.save("lembar.csv", ContentFile(b"a,b"))
    page = make_course_page(
        body=[
            {"type": "figure", "value": {"image": image.pk, "alt": "Bagan", "caption": "", "description": ""}},
            {"type": "file", "value": {"title": "Lembar", "document": document.pk}},
        ]
    )
    publish(page, now)
    return image, document


def test_what_an_edition_shows_is_not_deleted_in_the_cms(client, administrator, shown):
    image, document = shown
    for address in (
        reverse("wagtailimages:delete", args=[image.pk]),
        reverse("wagtaildocs:delete", args=[document.pk]),
    ):
        assert client.post(address).status_code == 302  # the question before draws a thumbnail: looked at by hand
    assert (Image.objects.count(), Document.objects.count()) == (1, 1)


def test_what_an_edition_shows_is_not_deleted_in_bulk(client, administrator, shown):
    image, document = shown
    for app, model, row in (("wagtailimages", "image", image), ("wagtaildocs", "document", document)):
        address = reverse("wagtail_bulk_action", args=[app, model, "delete"])
        client.post(f"{address}?id={row.pk}")
    assert (Image.objects.count(), Document.objects.count()) == (1, 1)


@pytest.mark.parametrize("app", ["wagtailimages", "wagtaildocs"])
@pytest.mark.parametrize("in_edition", [True, False])
def test_a_file_that_an_edition_shows_is_not_replaced(client, administrator, shown, app, in_edition):
    if not in_edition:
        EditionAsset.objects.all().delete()
    row, name, content = {
        "wagtailimages": (shown[0], "lain.svg", SVG.replace(b"320", b"640")),
        "wagtaildocs": (shown[1], "lain.csv", b"c,d"),
    }[app]
    for size in ("max-800x600", "original"):  # shown with the form; Wagtail would leave the files of new ones open
        shown[0].renditions.create(filter_spec=size, file=ContentFile(SVG, name="kecil.svg"), width=3, height=2)
    address, data = reverse(f"{app}:edit", args=[row.pk]), {"title": "Judul lain", "collection": row.collection_id}
    before = row.file.name
    response = client.post(address, data | {"file": ContentFile(content, name=name)})
    row.refresh_from_db()
    assert (row.file.name == before) == in_edition
    assert ("Unggah sebagai berkas baru" in response.text) == in_edition
    assert row.file.storage.exists(before) == in_edition
    client.post(address, data)
    row.refresh_from_db()
    assert row.title == "Judul lain"


def test_what_no_edition_shows_may_go(client, administrator):
    image = make_image()
    client.post(reverse("wagtailimages:delete", args=[image.pk]))
    assert not Image.objects.exists()


def test_searching_in_the_cms_finds_questions_for_trainers_only(client, trainer, page):
    Question.objects.filter(key="q0").update(text="Kalimat khas?")
    assert "Kalimat khas?" in client.get("/cms/snippets/courses/question/").content.decode()
    client.force_login(PersonFactory())
    assert client.get("/cms/snippets/courses/question/").status_code == 403
