"""Learning paths: their courses, and how far somebody is."""

from __future__ import annotations

import pytest
from django.urls import reverse

from courses.models import Completion, Course, LearningPath, PathStep
from courses.paths import public_paths, way_along
from tests.factories import (
    AT,
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


def test_an_archived_course_is_a_step_of_those_who_passed_or_are_learning_it(path):
    first, second, third = [step.course for step in path.steps.all()[:3]]
    passed, learning, left, attended = (PersonFactory() for _number in range(4))
    make_completion(passed, edition=first.editions.get())
    make_completion(passed, edition=third.editions.get())
    make_enrolment(learning, edition=first.editions.get())
    make_enrolment(left, edition=first.editions.get(), withdrawn_at=AT)
    make_completion(attended, edition=first.editions.get(), outcome=Completion.Outcome.ATTENDED)
    Course.objects.filter(pk=first.pk).update(archived_at=AT)
    states = {}
    for person in (passed, learning, left, attended, None):
        way = way_along(public_paths().get(), person)
        states[person] = [(step.course, step.state) for step in way.steps], way.done, way.credit_hours
    rest = [(second, "todo"), (third, "todo")]
    assert states == {
        passed: ([(first, "done"), (second, "todo"), (third, "done")], 2, 9),
        learning: ([(first, "running"), *rest], 0, 9),
        left: (rest, 0, 6),
        attended: (rest, 0, 6),
        None: (rest, 0, 6),
    }


def test_a_path_is_walked_to_its_end_without_an_archived_course(client, path):
    person = PersonFactory()
    first, *others = [step.course for step in path.steps.all()[:3]]
    for course in others:
        make_completion(person, edition=course.editions.get())
    client.force_login(person)
    address = reverse("learning_path", args=[path.key])
    assert "2 dari 3 pelatihan" in client.get(address).text
    Course.objects.filter(pk=first.pk).update(archived_at=AT)
    text = client.get(address).text
    assert "2 dari 2 pelatihan" in text
    assert "seluruh jalur" in text
