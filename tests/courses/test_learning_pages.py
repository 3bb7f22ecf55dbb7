"""The pages of a learner: lessons, quizzes, results, and every way to do it wrong."""

import re
import uuid
from decimal import Decimal
from urllib.parse import urlsplit

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from courses.enrolment import withdraw
from courses.models import ActivityProgress, Attempt, Completion, Enrolment, QuestionVersion, Response
from tests.courses.learners import JSON, address, attempt_address, close, expire, fields, read_all
from tests.factories import CourseFactory, PersonFactory, make_completion, make_edition, make_enrolment

pytestmark = pytest.mark.django_db


# Joining and going on


def test_enrolling_leads_to_the_first_lesson(learner, person):
    course = make_edition().course
    response = learner.post(f"/ikuti/{course.key}/", follow=True)
    enrolment = Enrolment.objects.get(person=person)
    assert [urlsplit(url).path for url, _status in response.redirect_chain] == [
        f"/belajar/{enrolment.pk}/",
        address(enrolment, 1),
    ]
    assert "Isi materi 1." in response.text


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


def test_who_left_can_do_nothing_there(learner, attempt):
    withdraw(attempt.enrolment, at=timezone.now())
    for name in ("attempt", "attempt_review"):
        assert learner.post(attempt_address(attempt, name), fields(attempt)).status_code == 404
    assert learner.post(address(attempt.enrolment, 1, "complete")).status_code == 404
    attempt.refresh_from_db()
    assert (attempt.submitted_at, Response.objects.count()) == (None, 0)


# Lessons


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


def test_a_lesson_page_costs_five_queries(learner, enrolment, django_assert_num_queries):
    """Session, person, roles for the header, enrolment, progress (budget page.module)."""
    url = address(enrolment, 1)
    learner.get(url)
    with django_assert_num_queries(5):
        learner.get(url)


def test_completing_a_lesson_costs_eight_statements(learner, enrolment, django_assert_num_queries):
    """Session, person, enrolment, begin, lock, progress, insert, commit (budget page.complete)."""
    learner.get(address(enrolment, 1))
    url = address(enrolment, 1, "complete")
    with django_assert_num_queries(8):
        learner.post(url)


# What must not work


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


# Quizzes


def test_before_the_quiz_one_sees_what_is_asked(learner, enrolment):
    read_all(enrolment)
    page = learner.get(address(enrolment, 3))
    assert "3 dari 3 tersisa" in page.text
    assert "30 menit" in page.text
    response = learner.post(address(enrolment, 3, "start_attempt"))
    assert response.url == attempt_address(Attempt.objects.get())
    assert "Lanjutkan kuis" in learner.get(address(enrolment, 3)).text


def test_starting_twice_opens_one_attempt(learner, enrolment):
    read_all(enrolment)
    urls = {learner.post(address(enrolment, 3, "start_attempt")).url for _ in range(2)}
    assert (len(urls), Attempt.objects.count()) == (1, 1)


def test_the_whole_way_from_questions_to_congratulation(learner, attempt):
    page = learner.get(attempt_address(attempt))
    assert page.text.count("<fieldset") == 4
    review = learner.post(attempt_address(attempt), fields(attempt), follow=True)
    assert review.redirect_chain[-1][0] == attempt_address(attempt, "attempt_review")
    assert "Semua soal sudah dijawab dan tersimpan." in review.text
    result = learner.post(attempt_address(attempt, "attempt_review"), follow=True)
    assert result.redirect_chain[-1][0] == attempt_address(attempt, "attempt_result")
    assert "Lulus, nilai 100" in result.text
    assert "Karena begitu." in result.text
    finished = learner.get(f"/belajar/{attempt.enrolment_id}/")
    assert "Selamat, Anda lulus" in finished.text


def test_the_button_that_only_saves_stays_on_the_page(learner, attempt):
    some = dict(list(fields(attempt).items())[:2])
    page = learner.post(attempt_address(attempt), some | {"stay": "1"}, follow=True)
    assert page.redirect_chain[-1][0] == attempt_address(attempt)
    assert page.text.count(" checked") == 2
    assert "2 dari 4 soal terjawab" in page.text


def test_the_review_names_what_is_not_answered(learner, attempt):
    learner.post(attempt_address(attempt), dict(list(fields(attempt).items())[:3]))
    assert "1 soal belum dijawab." in learner.get(attempt_address(attempt, "attempt_review")).text


def test_a_script_saves_one_answer(learner, attempt):
    version = attempt.served[0]["version"]
    response = learner.post(attempt_address(attempt), {f"q{version}": "a"}, headers=JSON)
    assert response.status_code == 200
    assert response.json()["saved_at"] == Response.objects.get().saved_at.isoformat()
    assert re.fullmatch(r"Tersimpan \d\d\.\d\d WITA", response.json()["message"])


def test_unticking_everything_clears_a_question_with_several_answers(learner, attempt):
    version = attempt.served[0]["version"]
    QuestionVersion.objects.filter(pk=version).update(kind="multiple")
    assert f'name="shown" value="{version}"' in learner.get(attempt_address(attempt)).text
    learner.post(attempt_address(attempt), {f"q{version}": ["a", "b"], "shown": version})
    learner.post(attempt_address(attempt), {"shown": version})
    assert Response.objects.get().chosen == []


@pytest.mark.parametrize(
    "wrong",
    [{"q99999999": "a"}, {"qx": "a"}, {"q": "a"}, {"q" + "9" * 30: "a"}, {"shown": "x"}, {"q-1": "a"}],
)
@pytest.mark.parametrize("headers", [{}, JSON])
def test_an_unknown_question_is_refused_and_nothing_saved(learner, attempt, wrong, headers):
    response = learner.post(attempt_address(attempt), fields(attempt) | wrong, headers=headers)
    assert (response.status_code, Response.objects.count()) == (422, 0)
    assert "bukan bagian" in response.text


@pytest.mark.parametrize("value", ["x", "a" * 50_000, "a\x00", ["a", "a"], ["a", "b"]])
def test_an_unknown_option_is_refused_and_nothing_saved(learner, attempt, value):
    version = attempt.served[0]["version"]
    response = learner.post(attempt_address(attempt), {f"q{version}": value})
    assert (response.status_code, Response.objects.count()) == (422, 0)


def test_oversized_answers_are_refused(learner, attempt):
    too_much = {f"q{number}": "a" for number in range(900)}
    assert learner.post(attempt_address(attempt), too_much).status_code == 422
    huge = dict.fromkeys(fields(attempt), "a" * 300_000)
    assert learner.post(attempt_address(attempt), huge).status_code in {400, 413, 422}
    assert Response.objects.count() == 0


def test_after_the_deadline_a_save_answers_409_and_keeps_what_was_saved(learner, attempt):
    learner.post(attempt_address(attempt), fields(attempt))
    expire(attempt)
    script = learner.post(attempt_address(attempt), fields(attempt, "b"), headers=JSON)
    form = learner.post(attempt_address(attempt), fields(attempt, "b"))
    assert (script.status_code, form.status_code) == (409, 409)
    assert script.json()["url"] == attempt_address(attempt, "attempt_result")
    assert [response.chosen for response in Response.objects.all()] == [["a"]] * 4
    attempt.refresh_from_db()
    assert (attempt.score, attempt.passed) == (Decimal(100), True)


def test_looking_at_an_attempt_whose_time_ran_out_closes_it(learner, attempt):
    expire(attempt)
    response = learner.get(attempt_address(attempt))
    assert response.url == attempt_address(attempt, "attempt_result")
    attempt.refresh_from_db()
    assert attempt.submitted_at == attempt.deadline_at


def test_sending_twice_shows_the_same_result(learner, attempt):
    learner.post(attempt_address(attempt), fields(attempt))
    for _ in range(2):
        assert learner.post(attempt_address(attempt, "attempt_review")).url == attempt_address(
            attempt, "attempt_result"
        )
    assert Completion.objects.count() == 1


def test_no_result_before_sending(learner, attempt):
    assert learner.get(attempt_address(attempt, "attempt_result")).url == attempt_address(attempt)


def test_when_attempts_run_out_nothing_starts(learner, person):
    enrolment = make_enrolment(person, edition=make_edition(lessons=0, max_attempts=1))
    learner.post(address(enrolment, 1, "start_attempt"))
    close(Attempt.objects.get())
    page = learner.post(address(enrolment, 1, "start_attempt"), follow=True)
    assert "Semua percobaan kuis ini sudah Anda pakai." in page.text
    assert "Kesempatan mencoba sudah habis." in page.text
    assert Attempt.objects.count() == 1


# Answer keys


@pytest.fixture
def secrets(attempt) -> str:
    """Marks every key: the text of right options may be shown to all, explanations and rightness not."""
    QuestionVersion.objects.update(explanation="KUNCI-rahasia")
    return "KUNCI-rahasia"


def test_no_page_before_sending_tells_an_answer(learner, attempt, secrets):
    learner.post(attempt_address(attempt), fields(attempt))
    for url in [
        address(attempt.enrolment, 3),
        attempt_address(attempt),
        attempt_address(attempt, "attempt_review"),
        f"/belajar/{attempt.enrolment_id}/",
        "/belajar/",
    ]:
        page = learner.get(url, follow=True).text
        assert secrets not in page
        assert "is_correct" not in page
        assert "Jawaban yang benar:" not in page


def test_a_failed_attempt_tells_what_to_read_but_not_the_answers(learner, attempt, secrets):
    lesson = attempt.enrolment.edition.activities.get(position=2)
    QuestionVersion.objects.update(lesson=lesson.activity)
    close(attempt, "b")
    page = learner.get(attempt_address(attempt, "attempt_result")).text
    assert "Belum lulus, nilai 0" in page
    assert page.count("1.2 Materi 2") == 1
    assert page.count("Belum tepat") == 4
    assert secrets not in page
    assert "Jawaban yang benar:" not in page
    assert "Pilihan a" not in page


def test_all_is_told_when_nothing_is_left_to_win(learner, attempt, secrets):
    Attempt.objects.filter(pk=attempt.pk).update(number=3)
    for number in (1, 2):
        Attempt.objects.create(
            enrolment=attempt.enrolment,
            edition_activity=attempt.edition_activity,
            activity=attempt.activity,
            number=number,
            served=attempt.served,
            started_at=timezone.now(),
            submitted_at=timezone.now(),
            score=0,
            passed=False,
        )
    attempt.refresh_from_db()
    earlier = Attempt.objects.get(number=1)
    assert secrets not in learner.get(attempt_address(earlier, "attempt_result")).text  # the last one is still open
    close(attempt)
    assert secrets in learner.get(attempt_address(earlier, "attempt_result")).text


def test_a_finished_course_stays_open_for_reading(learner, person):
    enrolment = make_completion(person, edition=make_edition(lessons=1, questions=0)).enrolment
    ActivityProgress.objects.create(
        enrolment=enrolment, activity=enrolment.edition.activities.get().activity, done_at=timezone.now()
    )
    assert "Selamat, Anda lulus" in learner.get(f"/belajar/{enrolment.pk}/").text
    assert learner.get(address(enrolment, 1)).status_code == 200
    assert learner.get(f"/belajar/{enrolment.pk}/keluar/").status_code == 302
