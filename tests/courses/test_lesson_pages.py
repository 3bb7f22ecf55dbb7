"""A lesson to read, its place in the course, and what it costs."""

import pytest

from courses.models import ActivityProgress, Completion
from tests.courses.learning import address
from tests.factories import make_edition, make_enrolment

pytestmark = pytest.mark.django_db


def test_a_lesson_shows_its_text_its_place_and_one_next_step(learner, enrolment):
    page = learner.get(address(enrolment, 1))
    assert page.headers["Cache-Control"] == "private, no-store"
    assert "Isi materi 1." in page.text
    assert "Selesai, lanjut ke 1.2" in page.text
    assert "0 dari 3 kegiatan selesai" in page.text
    assert page.text.count("button--primary") == 1


def test_done_go_on_opens_the_next_activity(learner, enrolment):
    response = learner.post(address(enrolment, 1, "complete"))
    assert (response.status_code, response.url) == (302, address(enrolment, 2))
    page = learner.get(address(enrolment, 1))
    assert "1 dari 3 kegiatan selesai" in page.text
    assert "Kemajuan tersimpan" in page.text
    assert f'href="{address(enrolment, 2)}"' in page.text


def test_the_last_lesson_of_a_course_without_a_test_leads_to_the_congratulation(learner, person):
    enrolment = make_enrolment(person, edition=make_edition(lessons=1, questions=0))
    response = learner.post(address(enrolment, 1, "complete"), follow=True)
    assert response.redirect_chain[-1][0] == f"/belajar/{enrolment.pk}/"
    assert "Selamat, Anda lulus" in response.text
    assert Completion.objects.get().enrolment == enrolment


@pytest.mark.parametrize(("method", "name"), [("get", "activity"), ("post", "complete")])
def test_a_locked_lesson_says_what_comes_first(learner, enrolment, method, name):
    response = getattr(learner, method)(address(enrolment, 2, name))
    assert response.status_code == 403
    assert "Selesaikan dulu kegiatan 1.1 Materi 1" in response.text
    assert f'href="{address(enrolment, 1)}"' in response.text
    assert ActivityProgress.objects.count() == 0


def test_a_lesson_page_costs_four_queries(learner, enrolment, django_assert_num_queries):
    """Session, person with roles, enrolment, progress (budget page.module)."""
    url = address(enrolment, 1)
    learner.get(url)
    with django_assert_num_queries(4):
        learner.get(url)


def test_completing_a_lesson_costs_nine_statements(learner, enrolment, django_assert_num_queries):
    """Session, person, enrolment, begin, lock, progress, insert, keep, commit (page.complete: 8 without begin and commit)."""
    learner.get(address(enrolment, 1))
    url = address(enrolment, 1, "complete")
    with django_assert_num_queries(9):
        learner.post(url)
