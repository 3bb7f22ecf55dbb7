"""The session ends in mid-quiz: what was typed survives signing in."""

import pytest
from django.contrib.sessions.models import Session
from django.test import Client

from courses.models import Response
from tests.courses.learning import JSON, PASSWORD, attempt_address, close, fields
from tests.factories import PersonFactory

pytestmark = pytest.mark.django_db


def sign_in(client, email: str, next_url: str):
    return client.post(f"/masuk/?next={next_url}", {"login": email, "password": PASSWORD}, follow=True)


def lose_session(client) -> None:
    Session.objects.all().delete()


def test_answers_typed_after_the_session_ended_survive_signing_in(learner, person, attempt):
    url = attempt_address(attempt)
    learner.get(url)
    lose_session(learner)
    response = learner.post(url, fields(attempt))
    assert (response.status_code, response.url, Response.objects.count()) == (302, f"/masuk/?next={url}", 0)
    page = sign_in(learner, person.email, url)
    assert page.redirect_chain[-1][0] == url
    assert "Jawaban yang Anda ketik sebelum masuk sudah kami simpan." in page.text
    assert Response.objects.filter(attempt=attempt).count() == 4
    assert "pending_answers" not in learner.session


def test_kept_answers_of_an_attempt_that_closed_meanwhile_are_refused_in_words(learner, person, attempt):
    lose_session(learner)
    learner.post(attempt_address(attempt), fields(attempt))
    close(attempt)
    page = sign_in(learner, person.email, attempt_address(attempt))
    assert page.redirect_chain[-1][0] == attempt_address(attempt, "attempt_result")
    assert "datang terlambat" in page.text
    assert Response.objects.count() == 0


def test_another_person_signing_in_gets_nothing_and_the_answers_are_dropped(learner, person, attempt):
    other = PersonFactory(password=PASSWORD)
    lose_session(learner)
    learner.post(attempt_address(attempt), fields(attempt))
    page = sign_in(learner, other.email, attempt_address(attempt))
    assert (page.status_code, Response.objects.count()) == (404, 0)
    assert "pending_answers" not in learner.session
    learner.force_login(person)
    learner.get(attempt_address(attempt))
    assert Response.objects.count() == 0


def test_too_much_to_keep_is_not_kept(learner, attempt):
    lose_session(learner)
    response = learner.post(attempt_address(attempt), {"q1": "a" * 21_000})
    assert response.status_code == 302
    assert "pending_answers" not in learner.session


def test_kept_answers_that_do_not_fit_change_nothing(learner, person, attempt):
    lose_session(learner)
    learner.post(attempt_address(attempt), fields(attempt) | {"q1x": "a"})
    page = sign_in(learner, person.email, attempt_address(attempt))
    assert (page.status_code, Response.objects.count()) == (200, 0)


def test_a_script_learns_that_the_session_ended(learner, attempt):
    lose_session(learner)
    response = learner.post(attempt_address(attempt), fields(attempt), headers=JSON)
    assert (response.status_code, response.json()["message"]) == (401, "Masuk lagi untuk melanjutkan.")


def test_the_token_is_asked_for_even_when_signed_out(attempt):
    strict = Client(enforce_csrf_checks=True)
    assert strict.post(attempt_address(attempt), fields(attempt)).status_code == 403
