"""Joining a course, going on, leaving it, and what stays."""

from urllib.parse import urlsplit

import pytest
from django.utils import timezone

from courses.enrolment import enrol, withdraw
from courses.models import ActivityProgress, Course, Enrolment, Response
from courses.views.access import own_enrolment
from tests.courses.authoring import make_course_page
from tests.courses.learning import address, attempt_address, fields
from tests.factories import CourseFactory, make_completion, make_edition

pytestmark = pytest.mark.django_db


def test_enrolling_leads_to_the_first_lesson(learner, person):
    course = make_edition().course
    response = learner.post(f"/ikuti/{course.key}/", follow=True)
    enrolment = Enrolment.objects.get(person=person)
    assert [urlsplit(url).path for url, _status in response.redirect_chain] == [
        f"/belajar/{enrolment.pk}/",
        address(enrolment, 1),
    ]
    assert "Isi materi 1." in response.text


def test_joining_while_signed_out_leads_back_to_the_course(client):
    page = make_course_page()
    response = client.post(f"/ikuti/{page.course.key}/")
    assert (response.status_code, response.url) == (302, f"/masuk/?next={page.url}")
    assert client.get(page.url).status_code == 200
    assert client.post("/ikuti/tidak-ada/").status_code == 404


def test_going_on_lands_where_one_stopped(learner, enrolment):
    learner.post(address(enrolment, 1, "complete"))
    response = learner.get(f"/belajar/{enrolment.pk}/")
    assert (response.status_code, response.url) == (302, address(enrolment, 2))


def test_a_course_that_is_not_open_is_refused_in_words(learner):
    response = learner.post(f"/ikuti/{CourseFactory().key}/")
    assert (response.status_code, Enrolment.objects.count()) == (409, 0)
    assert "belum dibuka" in response.text


def test_an_unknown_course_is_404(learner):
    assert learner.post("/ikuti/tidak-ada/").status_code == 404


def test_leaving_asks_first_and_rejoining_goes_on(learner, enrolment):
    learner.post(address(enrolment, 1, "complete"))
    page = learner.get(f"/belajar/{enrolment.pk}/keluar/")
    assert "Tinggalkan pelatihan" in page.text
    enrolment.refresh_from_db()
    assert enrolment.withdrawn_at is None
    learner.post(f"/belajar/{enrolment.pk}/keluar/")
    gone = learner.get(address(enrolment, 2))
    assert gone.status_code == 404
    assert f'action="/ikuti/{enrolment.run.course.key}/"' in gone.text
    again = learner.post(f"/ikuti/{enrolment.run.course.key}/", follow=True)
    assert again.redirect_chain[-1][0] == address(enrolment, 2)


def test_leaving_an_archived_course_is_for_good_and_says_so(learner, enrolment):
    page = make_course_page(title="Dasar SPBE", slug="dasar-spbe")
    enrolment = enrol(enrolment.person, make_edition(page.course).course, at=timezone.now())
    leave = f"/belajar/{enrolment.pk}/keluar/"
    assert "bergabung lagi kapan saja" in learner.get(leave).text
    Course.objects.update(archived_at=timezone.now())
    asked = learner.get(leave).text
    assert "Anda tidak dapat kembali" in asked
    assert "bergabung lagi kapan saja" not in asked
    learner.post(leave)
    gone = learner.get(f"/belajar/{enrolment.pk}/")
    assert gone.status_code == 404
    assert "sudah diarsipkan" in gone.text
    assert "/ikuti/" not in gone.text
    assert "tidak dapat kembali" in learner.get(page.url).text
    refused = learner.post(f"/ikuti/{page.course.key}/")
    assert refused.status_code == 409
    assert "tidak dapat kembali" in refused.text


def test_a_course_finished_in_that_moment_is_not_said_to_be_left(learner, enrolment, monkeypatch):
    """The completion wins the race: it is written after the page looked and before it withdraws."""

    def finish_then_look(request, pk):
        row = own_enrolment(request, pk)
        Enrolment.objects.filter(pk=pk).update(completed_at=timezone.now())
        return row

    monkeypatch.setattr("courses.views.enrolment.own_enrolment", finish_then_look)
    page = learner.post(f"/belajar/{enrolment.pk}/keluar/", follow=True)
    assert "pelatihan yang sudah selesai tidak dapat ditinggalkan" in page.text
    assert "Anda telah meninggalkan" not in page.text
    enrolment.refresh_from_db()
    assert enrolment.withdrawn_at is None


def test_who_left_can_do_nothing_there(learner, attempt):
    withdraw(attempt.enrolment, at=timezone.now())
    for name in ("attempt", "attempt_review"):
        assert learner.post(attempt_address(attempt, name), fields(attempt)).status_code == 404
    assert learner.post(address(attempt.enrolment, 1, "complete")).status_code == 404
    attempt.refresh_from_db()
    assert (attempt.submitted_at, Response.objects.count()) == (None, 0)


def test_a_finished_course_stays_open_for_reading(learner, person):
    enrolment = make_completion(person, edition=make_edition(lessons=1, questions=0)).enrolment
    ActivityProgress.objects.create(
        enrolment=enrolment, activity=enrolment.edition.activities.get().activity, done_at=timezone.now()
    )
    assert "Selamat, Anda lulus" in learner.get(f"/belajar/{enrolment.pk}/").text
    assert learner.get(address(enrolment, 1)).status_code == 200
    assert learner.get(f"/belajar/{enrolment.pk}/keluar/").status_code == 302
