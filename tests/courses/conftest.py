"""A learner who is signed in, and where he or she stands."""

import pytest
from django.utils import timezone

from courses.attempts import start_attempt
from courses.models import Attempt, Enrolment
from tests.courses.learning import PASSWORD, read_all
from tests.factories import PersonFactory, make_enrolment


@pytest.fixture
def person():
    return PersonFactory(email="maria@contoh.test", password=PASSWORD)


@pytest.fixture
def learner(client, person):
    client.force_login(person)
    return client


@pytest.fixture
def enrolment(person) -> Enrolment:
    """Two lessons, then a post-test of four questions with three attempts of 30 minutes."""
    return make_enrolment(person)


@pytest.fixture
def attempt(enrolment) -> Attempt:
    read_all(enrolment)
    return start_attempt(enrolment, enrolment.edition.activities.get(kind="quiz"), at=timezone.now())
