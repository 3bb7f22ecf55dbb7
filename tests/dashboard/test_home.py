"""The front door, for strangers and for learners."""

from __future__ import annotations

import pytest

from academy.people.models import Role
from courses.models import ActivityProgress
from tests.factories import AT, PersonFactory, make_completion, make_edition, make_enrolment, make_hr, make_unit

pytestmark = pytest.mark.django_db


def test_a_stranger_meets_the_academy_and_a_second_look_asks_the_database_nothing(client, django_assert_num_queries):
    make_completion()
    page = client.get("/").content.decode()
    assert "Belajar pemerintah digital" in page
    assert "Good " not in page
    with django_assert_num_queries(0):
        assert client.get("/").content.decode() == page


def test_a_learner_goes_on_where_they_stopped(client):
    enrolment = make_enrolment(edition=make_edition(lessons=2))
    first, second = enrolment.edition.activities.order_by("position")[:2]
    ActivityProgress.objects.create(enrolment=enrolment, activity=first.activity, done_at=AT)
    client.force_login(enrolment.person)
    response = client.get("/")
    assert f"/belajar/{enrolment.pk}/{second.activity}/" in response.content.decode()
    assert response.headers["Cache-Control"] == "private, no-store"


def test_a_learner_without_a_course_is_led_to_the_catalogue(client):
    client.force_login(PersonFactory())
    assert "Belum ada pelatihan yang berjalan" in client.get("/").content.decode()


@pytest.mark.parametrize(("make", "seen"), [(make_hr, True), (lambda unit: PersonFactory(unit=unit), False)])
def test_reports_are_offered_to_hr_only(client, make, seen):
    client.force_login(make(make_unit()))
    assert ('href="/laporan/"' in client.get("/").content.decode()) is seen


def test_authoring_is_offered_to_trainers(client):
    trainer = PersonFactory()
    client.force_login(trainer)
    assert 'href="/cms/"' not in client.get("/").content.decode()
    Role.objects.create(person=trainer, kind=Role.Kind.TRAINER, unit=trainer.unit, from_at=AT)
    assert 'href="/cms/"' in client.get("/").content.decode()


def test_english_is_a_choice_that_lasts(client):
    assert 'lang="id"' in client.get("/", headers={"accept-language": "en-US,en"}).content.decode()
    assert client.get("/bahasa/en/", {"next": "/katalog/"}).url == "/katalog/"
    assert 'lang="en"' in client.get("/").content.decode()


@pytest.mark.parametrize("target", ["//jahat.test/", "https://jahat.test/", "/\\jahat.test", ""])
def test_choosing_a_language_never_leads_away(client, target):
    assert client.get("/bahasa/en/", {"next": target}).url == "/"
