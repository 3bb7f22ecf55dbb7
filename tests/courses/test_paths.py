"""Learning paths: their courses, and how far somebody is."""

from __future__ import annotations

import pytest
from django.urls import reverse

from courses.models import LearningPath, PathStep
from courses.paths import public_paths, way_along
from tests.factories import (
    CourseFactory,
    OrganiserFactory,
    PersonFactory,
    make_completion,
    make_edition,
    make_enrolment,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def path():
    path = LearningPath.objects.create(
        key="dasar-20-jp", title="20 JP Dasar", summary="Dari nol.", organiser=OrganiserFactory(), is_public=True
    )
    for place in range(3):
        PathStep.objects.create(path=path, course=make_edition().course, sort_order=place)
    PathStep.objects.create(path=path, course=CourseFactory(title="Belum ada"), sort_order=9)
    return path


def test_a_stranger_sees_the_courses_that_can_be_taken(path):
    (found,) = public_paths()
    way = way_along(found, None)
    assert [step.state for step in way.steps] == ["todo"] * 3
    assert (way.done, way.credit_hours) == (0, 9)


def test_a_learner_goes_on_with_what_is_running(path):
    person = PersonFactory()
    first, second, _third = [step.course for step in path.steps.all()[:3]]
    make_completion(person, edition=first.editions.get())
    make_enrolment(person, edition=second.editions.get())
    way = way_along(public_paths().get(), person)
    assert [step.state for step in way.steps] == ["done", "running", "todo"]
    assert way.following == way.steps[1]
    assert way.steps[1].course == second


def test_the_pages_of_a_path(client, path):
    listed = client.get(reverse("learning_paths")).content.decode()
    assert reverse("learning_path", args=[path.key]) in listed
    assert "Belum ada" not in listed
    client.force_login(PersonFactory())
    assert "0 dari 3 pelatihan" in client.get(reverse("learning_path", args=[path.key])).content.decode()


def test_a_path_that_is_not_public_does_not_exist(client, path):
    LearningPath.objects.update(is_public=False)
    assert client.get(reverse("learning_path", args=[path.key])).status_code == 404
    assert "Belum ada jalur belajar" in client.get(reverse("learning_paths")).content.decode()


def test_the_number_of_queries_does_not_grow(client, path, django_assert_max_num_queries):
    with django_assert_max_num_queries(5):
        client.get(reverse("learning_path", args=[path.key]))
