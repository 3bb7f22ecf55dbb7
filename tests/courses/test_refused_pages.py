"""Every way to do it wrong: other people's rows, wrong methods, unknown and forged values."""

import uuid
from decimal import Decimal

import pytest
from django.test import Client
from django.urls import reverse

from courses.models import ActivityProgress, Attempt, Completion, Enrolment, Response
from tests.courses.learning import address, attempt_address, fields
from tests.factories import PersonFactory, make_edition

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("name", ["complete", "start_attempt"])
def test_get_where_post_is_due_changes_nothing(learner, enrolment, name):
    response = learner.get(address(enrolment, 1, name))
    assert (response.status_code, response.headers["Allow"]) == (405, "POST")
    assert "tombol" in response.text
    assert (ActivityProgress.objects.count(), Attempt.objects.count()) == (0, 0)


def test_get_of_enrolling_changes_nothing(learner):
    assert learner.get(f"/ikuti/{make_edition().course.key}/").status_code == 405
    assert Enrolment.objects.count() == 0


def test_post_where_get_is_due_is_405(learner, enrolment):
    assert learner.post(address(enrolment, 1)).status_code == 405
    assert learner.post(f"/belajar/{enrolment.pk}/").status_code == 405


def test_what_belongs_to_another_person_does_not_exist(client, attempt):
    client.force_login(PersonFactory())
    enrolment = attempt.enrolment
    gets = [f"/belajar/{enrolment.pk}/", f"/belajar/{enrolment.pk}/keluar/", address(enrolment, 1)]
    attempts = [attempt_address(attempt, name) for name in ("attempt", "attempt_review", "attempt_result")]
    posts = [address(enrolment, 1, "complete"), address(enrolment, 3, "start_attempt"), *attempts[:2], gets[1]]
    assert {client.get(url).status_code for url in gets + attempts} == {404}
    assert {client.post(url, fields(attempt)).status_code for url in posts} == {404}
    enrolment.refresh_from_db()
    attempt.refresh_from_db()
    assert (enrolment.withdrawn_at, attempt.submitted_at, Response.objects.count()) == (None, None, 0)


def test_unknown_ids_are_404(learner, enrolment, attempt):
    missing = [
        f"/belajar/{10**30}/",
        "/belajar/999999/",
        reverse("activity", args=[enrolment.pk, uuid.uuid4()]),
        reverse("attempt", args=[enrolment.pk, attempt.activity, 2]),
        reverse("attempt", args=[enrolment.pk, attempt.activity, 10**30]),
        reverse("attempt", args=[enrolment.pk, enrolment.edition.activities.get(position=1).activity, 1]),
    ]
    assert {learner.get(url).status_code for url in missing} == {404}


def test_lessons_have_no_attempts_and_quizzes_are_not_read(learner, attempt):
    assert learner.post(address(attempt.enrolment, 1, "start_attempt")).status_code == 404
    assert learner.post(address(attempt.enrolment, 3, "complete")).status_code == 404
    assert Attempt.objects.count() == 1


def test_a_forged_score_in_the_form_means_nothing(learner, attempt):
    forged = {"score": "100", "passed": "true", "completed": "1"}
    learner.post(attempt_address(attempt), fields(attempt, "b") | forged)
    learner.post(attempt_address(attempt, "attempt_review"), forged)
    attempt.refresh_from_db()
    assert (attempt.score, attempt.passed, Completion.objects.count()) == (Decimal(0), False, 0)


def test_signed_out_pages_lead_to_signing_in(client, enrolment):
    response = client.get(address(enrolment, 1))
    assert (response.status_code, response.url) == (302, f"/masuk/?next={address(enrolment, 1)}")
    pressed = client.post(address(enrolment, 1, "complete"))
    assert pressed.url == f"/masuk/?next={address(enrolment, 1)}"


def test_a_post_without_the_token_is_refused(person, enrolment):
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(person)
    assert strict.post(address(enrolment, 1, "complete")).status_code == 403
    assert ActivityProgress.objects.count() == 0
