"""A quiz from its door to its result, and who is told the answers when."""

import re
from decimal import Decimal

import pytest
from django.utils import timezone

from courses.models import Attempt, Completion, Enrolment, QuestionVersion, Response
from tests.courses.learning import JSON, address, attempt_address, close, expire, fields, read_all
from tests.factories import make_edition, make_enrolment

pytestmark = pytest.mark.django_db


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
    assert "Jika ada kendala, hubungi penyelenggara pelatihan." in page.text
    assert Attempt.objects.count() == 1


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


def test_an_old_result_keeps_the_pass_mark_it_was_graded_by(learner, attempt):
    close(attempt, "b")
    newer = make_edition(attempt.edition_activity.edition.course, major=2, pass_mark=Decimal(80))
    newer.activities.filter(kind="quiz").update(activity=attempt.activity)
    Enrolment.objects.update(edition=newer)  # left, and joined again when the newer edition was out
    assert "Batas lulus 70" in learner.get(attempt_address(attempt, "attempt_result")).text
