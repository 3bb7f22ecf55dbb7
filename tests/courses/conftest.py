"""A learner who is signed in, and where he or she stands."""

from collections.abc import Iterator

import pytest
from django.utils import timezone
from pytest_django.plugin import DjangoDbBlocker

from courses.attempts import start_attempt
from courses.models import Attempt, CoursePage, Enrolment
from tests.courses.authoring import make_course_page
from tests.courses.learning import PASSWORD, read_all
from tests.factories import PersonFactory, make_enrolment
from tests.lasting import commits, made_once


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


@pytest.fixture(scope="module")
def lasting_pages(
    request: pytest.FixtureRequest, django_db_setup: None, django_db_blocker: DjangoDbBlocker
) -> Iterator[list[int]]:
    """The course pages that a module describes in PAGES, made once; none of its tests may commit."""
    assert not commits(request)
    wanted = request.module.PAGES
    with made_once(django_db_blocker, lambda: [make_course_page(**fields).pk for fields in wanted]) as keys:
        yield keys


@pytest.fixture
def pages(lasting_pages: list[int], db: None) -> list[CoursePage]:
    return [CoursePage.objects.select_related("course__organiser__unit").get(pk=key) for key in lasting_pages]


@pytest.fixture
def page(pages: list[CoursePage]) -> CoursePage:
    return pages[0]
