"""A learner changes to a newer edition: what is done stays done, and nothing is lost on the way."""

from __future__ import annotations

import pytest
from django.urls import reverse

from courses.attempts import start_attempt
from courses.enrolment import Withdrawn, withdraw
from courses.models import Completion, Enrolment, LessonPage, QuizPage
from courses.progress import complete_lesson
from courses.publishing import publish_edition
from courses.switching import CannotSwitch, editions_to_switch_to, switch_edition
from tests.courses.authoring import make_course_page
from tests.courses.learning import close, read_all
from tests.factories import PersonFactory, make_enrolment

pytestmark = pytest.mark.django_db


@pytest.fixture
def page():
    return make_course_page(title="Dasar SPBE", slug="dasar-spbe")


@pytest.fixture
def enrolment(page, now):
    return make_enrolment(PersonFactory(), edition=publish_edition(page.course, kind="minor", by=None, at=now))


def material(page, now):
    """A second edition with one lesson fewer and one with a new title."""
    LessonPage.objects.get(title="Materi 1.2").delete()
    lesson = LessonPage.objects.get(title="Materi 1.1")
    lesson.title = "Judul baru"
    lesson.save_revision().publish()
    return publish_edition(page.course, kind="material", by=None, at=now, note="Satu materi digabung.")


def test_what_is_done_stays_done(page, enrolment, now):
    complete_lesson(enrolment, enrolment.edition.activities.get(position=1), at=now)
    newest = material(page, now)
    assert editions_to_switch_to([enrolment]) == {enrolment.pk: newest}
    assert switch_edition(enrolment, at=now) == newest
    assert switch_edition(enrolment, at=now) == newest
    assert (enrolment.edition, enrolment.progress.count()) == (newest, 1)
    assert editions_to_switch_to([enrolment]) == {}


def test_a_learner_who_has_done_everything_in_it_has_finished(page, enrolment, now):
    read_all(enrolment)
    QuizPage.objects.all().delete()
    newest = publish_edition(page.course, kind="material", by=None, at=now)
    assert not Completion.objects.exists()
    switch_edition(enrolment, at=now)
    assert Completion.objects.get(enrolment=enrolment).edition == newest


def test_not_while_an_attempt_is_open(page, enrolment, now):
    read_all(enrolment)
    attempt = start_attempt(enrolment, enrolment.edition.activities.get(kind="quiz"), at=now)
    newest = material(page, now)
    with pytest.raises(CannotSwitch):
        switch_edition(enrolment, at=now)
    close(attempt)
    assert switch_edition(enrolment, at=now) == newest


def test_a_quiz_begun_from_an_older_page_is_that_of_the_edition_followed_now(page, enrolment, now):
    """The door to the quiz was open in one window while the edition was changed in another."""
    read_all(enrolment)
    shown = enrolment.edition.activities.get(kind="quiz")
    newest = material(page, now)
    switch_edition(Enrolment.objects.get(pk=enrolment.pk), at=now)
    attempt = start_attempt(enrolment, shown, at=now)
    assert attempt.edition_activity.edition == newest
    assert attempt.activity == shown.activity


def test_a_finished_or_left_course_stays_as_it_is(page, enrolment, now):
    read_all(enrolment)
    QuizPage.objects.all().delete()
    publish_edition(page.course, kind="material", by=None, at=now)
    switch_edition(enrolment, at=now)
    rename = LessonPage.objects.get(title="Materi 1.1")
    rename.title = "Lain"
    rename.save_revision().publish()
    publish_edition(page.course, kind="material", by=None, at=now)
    with pytest.raises(CannotSwitch):
        switch_edition(enrolment, at=now)
    left = make_enrolment(PersonFactory(), edition=enrolment.edition)
    withdraw(left, at=now)
    with pytest.raises(Withdrawn):
        switch_edition(left, at=now)


def test_the_page_asks_and_tells_what_changed(client, page, enrolment, now):
    client.force_login(enrolment.person)
    complete_lesson(enrolment, enrolment.edition.activities.get(position=1), at=now)
    address = reverse("switch_edition", args=[enrolment.pk])
    assert client.get(address).status_code == 302
    material(page, now)
    assert address in client.get("/belajar/").content.decode()
    assert address in client.get(page.get_url()).content.decode()
    shown = client.get(address).content.decode()
    for text in ("Satu materi digabung.", "Dihapus: Materi 1.2", "1 kegiatan yang telah Anda kerjakan", "Tes akhir"):
        assert text in shown
    enrolment.refresh_from_db()
    assert enrolment.edition.number == "1.0"
    response = client.post(address, follow=True)
    enrolment.refresh_from_db()
    assert enrolment.edition.number == "2.0"
    assert "edisi 2.0" in response.content.decode()


def test_anybody_reads_the_history_of_a_course(client, page, enrolment, now):
    material(page, now)
    shown = client.get(reverse("edition_history", args=[page.course.key])).content.decode()
    assert shown.index("Edisi 2.0") < shown.index("Edisi 1.0")
    assert "Satu materi digabung." in shown


def test_a_course_without_an_edition_has_no_history(client, page):
    assert client.get(reverse("edition_history", args=[page.course.key])).status_code == 404


def test_the_number_of_queries_does_not_grow_with_the_courses(page, enrolment, now, django_assert_num_queries):
    others = [make_enrolment(enrolment.person) for _each in range(3)]
    material(page, now)
    with django_assert_num_queries(1):
        editions_to_switch_to([enrolment, *others])
