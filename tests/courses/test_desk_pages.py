"""The desk of the trainer: home, outline, checklist, copy and archive, and what rests on a legal reference."""

from __future__ import annotations

import time
from datetime import date, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone
from wagtail.models import Revision

from academy.pages.tasks import publish_scheduled_pages
from academy.people.models import Role
from courses.checklist import check, drafts_of, published_of
from courses.copying import archive, bring_back, copy_course
from courses.enrolment import NotOpen, enrol
from courses.legal_desk import references_to_review
from courses.models import Course, CoursePage, Edition, LessonPage, ModulePage, Question, QuizPage
from courses.proposals import propose_edition
from courses.publishing import publish_edition
from tests.courses.authoring import every_block, make_course_page, make_legal_reference
from tests.factories import AT, LONG_AGO, PersonFactory

pytestmark = pytest.mark.django_db
PAGES = [{"title": "Dasar SPBE", "slug": "dasar-spbe", "modules": 2}]
TODAY = date(2026, 11, 24)


@pytest.fixture
def trainer(client, page):
    person = PersonFactory(name="Adrianus Lelo")
    Role.objects.create(person=person, kind=Role.Kind.TRAINER, unit=page.course.organiser.unit, from_at=LONG_AGO)
    client.force_login(person)
    return person


def outline_url(page):
    return reverse("course_outline", args=[page.pk])


def press(client, page, action, row, **fields):
    data = {"action": action, "page": row.pk, "path": row.path} | fields
    return client.post(outline_url(page), data, follow=True)


def titles(module):
    return [one.title for one in module.get_children().order_by("path")]


def said(response):
    return " ".join(str(message) for message in response.context["messages"])


def test_the_home_of_the_cms_shows_own_courses_and_what_waits(client, page, trainer):
    make_course_page(title="Pelatihan Mereka", slug="mereka")
    propose_edition(page.course, kind="minor", note="", by=PersonFactory(name="Maria Bere"), at=AT)
    text = client.get("/cms/").content.decode()
    assert page.course.title in text
    assert "Maria Bere" in text
    assert outline_url(page) in text
    assert Course.objects.get(page__slug="mereka").title not in text


def test_the_outline_names_everything_and_is_led_to(client, page, trainer):
    text = client.get(outline_url(page)).content.decode()
    assert f"<title>Susunan: {page.title} - Akademi" in text
    assert all(one.title in text for one in [*ModulePage.objects.all(), *LessonPage.objects.all()])
    edit = client.get(reverse("wagtailadmin_pages:edit", args=[page.pk])).content.decode()
    listing = client.get("/cms/snippets/courses/course/").content.decode()
    assert outline_url(page) in edit
    assert outline_url(page) in listing


def test_the_outline_of_others_does_not_exist(client, trainer):
    assert client.get(outline_url(make_course_page(title="Mereka", slug="mereka"))).status_code == 404


def test_a_reviewer_reads_the_outline_and_moves_nothing(client, page):
    person = PersonFactory()
    Role.objects.create(person=person, kind=Role.Kind.REVIEWER, unit=page.course.organiser.unit, from_at=LONG_AGO)
    client.force_login(person)
    assert client.get(outline_url(page)).status_code == 200
    lesson = LessonPage.objects.get(title="Materi 1.1")
    response = client.post(outline_url(page), {"action": "down", "page": lesson.pk, "path": lesson.path})
    assert response.headers["Location"] == "/cms/"
    assert titles(ModulePage.objects.get(title="Modul 1")) == ["Materi 1.1", "Materi 1.2"]


def test_moving_down_twice_with_the_same_button_moves_once(client, page, trainer):
    lesson = LessonPage.objects.get(title="Materi 1.1")
    press(client, page, "down", lesson)
    assert press(client, page, "down", lesson).status_code == 422
    assert titles(ModulePage.objects.get(title="Modul 1")) == ["Materi 1.2", "Materi 1.1"]


def test_modules_change_places_with_all_they_hold(client, page, trainer):
    press(client, page, "up", ModulePage.objects.get(title="Modul 2"))
    assert titles(page) == ["Modul 2", "Modul 1"]
    assert titles(ModulePage.objects.get(title="Modul 2"))[0] == "Materi 2.1"


def test_a_slug_taken_in_the_other_module_gets_a_number_that_drafts_keep(client, page, trainer):
    lesson, other = LessonPage.objects.get(title="Materi 1.1"), ModulePage.objects.get(title="Modul 2")
    LessonPage.objects.filter(title="Materi 2.1").update(slug=lesson.slug)
    lesson.save_revision()
    assert press(client, page, "to_module", lesson, module=other.pk).status_code == 200
    lesson.refresh_from_db()
    assert (lesson.get_parent().pk, lesson.slug) == (other.pk, "materi-1-1-2")
    assert lesson.get_latest_revision_as_object().slug == "materi-1-1-2"


def test_nothing_moves_into_a_module_of_another_course(client, page, trainer):
    foreign = make_course_page(title="Mereka", slug="mereka").get_children().get()
    lesson = LessonPage.objects.get(title="Materi 1.1", pk__lt=foreign.pk)
    assert press(client, page, "to_module", lesson, module=foreign.pk).status_code == 422
    lesson.refresh_from_db()
    assert lesson.get_parent().title == "Modul 1"


def test_a_new_title_is_a_draft_and_the_same_again_none(client, page, trainer):
    lesson = LessonPage.objects.get(title="Materi 1.1")
    for _again in range(2):
        press(client, page, "rename", lesson, title="Judul baru")
    lesson.refresh_from_db()
    assert (lesson.title, lesson.draft_title, lesson.revisions.count()) == ("Materi 1.1", "Judul baru", 1)


@pytest.mark.parametrize("fields", [{"title": " "}, {"title": "x" * 256}, {"action": "burn"}, {"page": "9" * 30}])
def test_bad_input_changes_nothing_and_says_so(client, page, trainer, fields):
    lesson = LessonPage.objects.get(title="Materi 1.1")
    data = {"action": "rename", "page": lesson.pk, "title": "Judul baru"} | fields
    response = client.post(outline_url(page), data)
    assert response.status_code == 422
    assert said(response)
    assert not lesson.revisions.exists()


def test_the_outline_asks_as_much_for_many_lessons_as_for_few(client, trainer, page):
    big = make_course_page(title="Besar", slug="besar", modules=2, lessons=8)
    Course.objects.filter(pk=big.course_id).update(organiser=page.course.organiser)
    client.get(outline_url(big))
    counts = []
    for one in (page, big):
        client.get(outline_url(one))
        with CaptureQueriesContext(
            connection,
        ) as queries:
            client.get(outline_url(one))
        counts.append(len(queries))
    assert counts[1] <= counts[0] + 2


def found(page, on=TODAY):
    return " ".join(finding.text for finding in check(published_of(page), on=on).findings)


def test_the_checklist_finds_what_learners_would_stumble_over():
    reference = make_legal_reference("lama", superseded_by=make_legal_reference("baru"))
    body: list[dict[str, Any]] = [
        {"type": "text", "value": '<h3>Bagian kecil</h3><p><a linktype="page" id="99999">hilang</a></p>'},
        {"type": "text", "value": '<p><a linktype="document" id="99999">berkas</a></p>'},
        {"type": "figure", "value": {"image": None, "alt": "", "caption": "", "description": ""}},
        {"type": "video", "value": {"title": "Film", "link": "https://contoh.go.id", "minutes": 1, "transcript": ""}},
        {"type": "legal_basis", "value": {"reference": reference.pk, "note": ""}},
    ]
    text = found(make_course_page(body=body, questions=1))
    for words in ("halaman yang tidak terbit", "berkas yang sudah dihapus", "teks alternatif", "transkrip"):
        assert words in text
    for words in ("Bagian kecil", "sudah diganti", "60 menit", "Hanya 1 soal"):
        assert words in text


def test_the_checklist_is_quiet_about_a_good_lesson():
    body = [{"type": "text", "value": "<h2>Bagian</h2><p>" + "kata " * 400 + "</p>"}]
    assert found(make_course_page(body=body, minutes=3, questions=2)) == ""


def test_the_checklist_measures_each_lesson_also_where_nothing_is_wrong():
    body = [{"type": "text", "value": "<h2>Bagian</h2><p>" + "kata " * 400 + "</p>"}]
    page = make_course_page(lessons=1, body=body, minutes=3, questions=2)
    (measure,) = check(published_of(page), on=TODAY).measures
    assert (measure.words, measure.needed_minutes, measure.stated_minutes) == (401, 3, 3)
    assert (measure.is_off, measure.is_heavy) == (False, False)
    assert 35 <= measure.weight < 40


def test_the_outline_checks_what_the_draft_of_the_course_page_cites(client, page, trainer):
    old, fresh = make_legal_reference("lama", superseded_by=make_legal_reference("baru")), make_legal_reference("segar")
    page.legal_references.set([fresh])
    page.save()
    page.title, page.legal_references = "Judul draf", [old]
    page.save_revision()
    (finding,) = [
        one for one in client.get(outline_url(page)).context["checked"].findings if "sudah diganti" in one.text
    ]
    assert finding.title == "Judul draf"
    assert "sudah diganti" not in found(CoursePage.objects.get(pk=page.pk))


def test_the_checklist_reads_every_block_and_costs_no_more_for_many():
    small = make_course_page(lessons=1, body=every_block())
    body = LessonPage.objects.first().body.get_prep_value()
    big = make_course_page(lessons=6, body=[dict(one) for one in body])
    counts = []
    for page in (small, big):
        check(drafts_of(page), on=TODAY)
        with CaptureQueriesContext(connection) as queries:
            check(drafts_of(page), on=TODAY)
        counts.append(len(queries))
    assert counts[1] <= counts[0] + 2


def test_the_checklist_stands_above_the_proposal(client, page, trainer):
    text = client.get(reverse("publish_edition", args=[page.pk])).content.decode()
    assert "Periksa sekali lagi" in text
    assert "Panjang dan berat materi" in text
    assert "kB, paling banyak 100" in text
    assert "perkiraan" not in text


def test_a_copied_course_has_drafts_keys_and_questions_of_its_own(page):
    lesson = LessonPage.objects.get(title="Materi 1.1")
    lesson.title = "Draf terbaru"
    lesson.save_revision()
    Question.objects.filter(key="q0").update(lesson=lesson.activity)
    made = copy_course(page.course, title="Salinan", key="salinan", code="SAL", by=PersonFactory())
    copy = CoursePage.objects.get(course=made)
    lessons = LessonPage.objects.descendant_of(copy)
    assert lessons.count() == LessonPage.objects.descendant_of(page).count()
    assert not copy.live
    assert not lessons.live().exists()
    new = lessons.get(title="Draf terbaru")
    assert new.activity != lesson.activity
    bank = QuizPage.objects.descendant_of(copy).get().bank
    assert bank.organiser == made.organiser
    assert bank.questions.get(key="q0").lesson == new.activity
    assert bank.questions.get(key="q0").options.count() == 4
    assert not Edition.objects.filter(course=made).exists()


def test_a_course_with_incomplete_drafts_is_copied_as_it_is(client, page, trainer):
    """A text that is not written yet, and a course page without what it must say to be published."""
    lesson = LessonPage.objects.get(title="Materi 1.1")
    lesson.body, page.outcomes = [], ""
    for one in (lesson, page):
        one.save_revision(clean=False)
    data = {"title": "Salinan", "key": "salinan", "code": "SAL"}
    copied = client.post(reverse("copy_course", args=[page.course_id]), data)
    copy = CoursePage.objects.get(course__key="salinan")
    assert copied.url == outline_url(copy)
    assert copy.get_latest_revision_as_object().outcomes == ""
    drafts = {one.title: one.get_latest_revision_as_object() for one in LessonPage.objects.descendant_of(copy)}
    assert (len(drafts), len(drafts["Materi 1.1"].body), len(drafts["Materi 1.2"].body)) == (4, 0, 1)


def test_links_between_lessons_of_a_copy_stay_in_the_copy(page):
    other = make_course_page(title="Lain", slug="lain")
    first, second = (
        LessonPage.objects.descendant_of(page).filter(title__in=["Materi 1.1", "Materi 2.1"]).order_by("path")
    )
    abroad = LessonPage.objects.descendant_of(other).first()
    address = page.get_url()
    text = (
        '<p><a linktype="page" id="{0}">maju</a> <a id="{0}" linktype="page">balik urutan</a> '
        '<a linktype="page" id="{1}">luar</a> <a href="{2}">alamat</a> <a href="https://example.go.id/">web</a> '
        '<a linktype="document" id="{0}">berkas</a> <code>id="{0}"</code></p>'
    )
    values = [text.format(second.pk, abroad.pk, address), text.format(first.pk, abroad.pk, f"{address}modul-1/")]
    first.body = [
        {"type": "text", "value": values[0]},
        {"type": "steps", "value": {"title": "", "steps": [values[0], values[0]]}},
    ]
    second.body = [{"type": "definition", "value": {"term": "Istilah", "text": values[1]}}]
    for lesson in (first, second):
        lesson.save_revision()
    made = copy_course(page.course, title="Salinan", key="salinan", code="SAL", by=PersonFactory())
    copy = CoursePage.objects.get(course=made)
    new_first, new_second = (
        LessonPage.objects.descendant_of(copy).filter(title__in=["Materi 1.1", "Materi 2.1"]).order_by("path")
    )
    wanted = [
        values[0].replace(f'"page" id="{second.pk}"', f'"page" id="{new_second.pk}"'),
        values[1].replace(f'"page" id="{first.pk}"', f'"page" id="{new_first.pk}"'),
    ]
    wanted[0] = wanted[0].replace(f'id="{second.pk}" linktype="page"', f'id="{new_second.pk}" linktype="page"')
    wanted[1] = wanted[1].replace(f'id="{first.pk}" linktype="page"', f'id="{new_first.pk}" linktype="page"')
    wanted = [text.replace(address, copy.get_url()) for text in wanted]
    for read in (lambda lesson: lesson, lambda lesson: lesson.get_latest_revision_as_object()):
        body = list(read(new_first).body.raw_data)
        assert body[0]["value"] == wanted[0]
        steps = body[1]["value"]["steps"]
        assert [step["value"] if isinstance(step, dict) else step for step in steps] == [wanted[0]] * 2
        assert read(new_second).body.raw_data[0]["value"]["text"] == wanted[1]
    first.refresh_from_db()
    assert first.get_latest_revision_as_object().body.raw_data[0]["value"] == values[0]


def test_copying_twice_makes_one_course(client, page, trainer):
    url = reverse("copy_course", args=[page.course_id])
    data = {"title": "Salinan", "key": "salinan", "code": "SAL"}
    assert client.post(url, data).status_code == 302
    response = client.post(url, data)
    assert (response.status_code, Course.objects.filter(key="salinan").count()) == (422, 1)
    assert 'value="Salinan"' in response.content.decode()


def test_an_archived_course_takes_nobody_new_and_comes_back(client, page, trainer, now):
    publish_edition(page.course, kind="minor", by=None, at=now)
    learner = enrol(PersonFactory(), page.course, at=now)
    url = reverse("archive_course", args=[page.course_id])
    assert client.get(url).status_code == 200
    for _again in range(2):
        client.post(url, {"action": "archive"})
    course = Course.objects.get(pk=page.course_id)
    assert course.archived_at is not None
    with pytest.raises(NotOpen):
        enrol(PersonFactory(), course, at=now)
    assert enrol(learner.person, course, at=now) == learner
    assert page.title not in client.get("/katalog/").content.decode()
    assert "tidak lagi menerima" in client.get(page.url).content.decode()
    assert bring_back(course, by=trainer)
    assert not bring_back(course, by=trainer)
    assert page.title in client.get("/katalog/").content.decode()


@pytest.mark.parametrize("name", ["copy_course", "archive_course"])
def test_courses_of_others_are_neither_copied_nor_archived(client, trainer, name):
    foreign = make_course_page(title="Mereka", slug="mereka").course
    for method in (client.get, client.post):
        assert method(reverse(name, args=[foreign.pk])).status_code == 404


def test_archiving_is_said_once(page):
    assert archive(page.course, by=PersonFactory(), at=AT)
    assert not archive(page.course, by=PersonFactory(), at=AT)


def test_only_references_in_use_are_to_be_reviewed(client, page, trainer):
    used = make_legal_reference("dipakai", review_by_on=TODAY - timedelta(days=1))
    idle = make_legal_reference("menganggur", review_by_on=TODAY - timedelta(days=1))
    page.legal_references.add(used)
    page.save()
    assert references_to_review(on=TODAY) == [used]
    assert reverse("legal_impact", args=[idle.pk]) not in client.get(reverse("legal_review")).content.decode()
    assert reverse("legal_impact", args=[used.pk]) in client.get(reverse("legal_review")).content.decode()


def test_what_was_given_a_moment_is_published_then(page):
    lesson = LessonPage.objects.get(title="Materi 1.1")
    lesson.save_revision().publish()  # as pages are that were published in the CMS
    draft = LessonPage.objects.get(pk=lesson.pk).get_latest_revision_as_object()
    draft.title = "Terbit terjadwal"
    draft.go_live_at = timezone.now() + timedelta(seconds=1)
    Revision.objects.get(pk=draft.save_revision().pk).publish()
    publish_scheduled_pages()
    assert LessonPage.objects.get(pk=lesson.pk).title == "Materi 1.1"
    time.sleep(1.1)
    publish_scheduled_pages()
    publish_scheduled_pages()
    assert LessonPage.objects.get(pk=lesson.pk).title == "Terbit terjadwal"


def test_nobody_is_offered_a_workflow_that_nobody_reads(client, page, trainer):
    text = client.get(reverse("wagtailadmin_pages:edit", args=[LessonPage.objects.first().pk])).content.decode()
    assert "action-submit" not in text
    assert "- Akademi Digital ASN</title>" in text
