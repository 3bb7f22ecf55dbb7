"""Attempts: drawing, saving, sending, grading, and the clock."""

import random
from collections import Counter
from datetime import timedelta
from decimal import Decimal

import pytest

from courses.attempts import (
    AlreadyPassed,
    AttemptClosed,
    InvalidAnswer,
    NoAttemptsLeft,
    close_expired_attempts,
    save_responses,
    start_attempt,
    submit_attempt,
)
from courses.enrolment import Withdrawn, withdraw
from courses.models import Attempt, Completion, EditionActivity, Enrolment, QuestionVersion, Response
from courses.progress import ActivityLocked, NotInEdition
from courses.tasks import close_expired_attempts as sweep
from tests.factories import AT, make_edition, make_enrolment

pytestmark = pytest.mark.django_db
MINUTE = timedelta(minutes=1)


def make_quiz(**fields) -> tuple[Enrolment, EditionActivity]:
    """An enrolment whose only activity is a post-test of four questions, 30 minutes, pass mark 70."""
    enrolment = make_enrolment(edition=make_edition(**{"lessons": 0} | fields))
    return enrolment, enrolment.edition.activities.get(kind="quiz")


@pytest.fixture
def attempt() -> Attempt:
    enrolment, quiz = make_quiz()
    return start_attempt(enrolment, quiz, at=AT)


def answers(attempt: Attempt, right: int) -> dict[int, list[str]]:
    """The first `right` questions answered rightly, the others wrongly."""
    return {q["version"]: ["a" if place < right else "b"] for place, q in enumerate(attempt.served)}


def fail(enrolment, quiz, at=AT) -> Attempt:
    return submit_attempt(start_attempt(enrolment, quiz, at=at), at=at)


def test_questions_and_options_are_drawn_and_stored_as_served():
    enrolment, quiz = make_quiz(questions=6)
    EditionActivity.objects.filter(pk=quiz.pk).update(question_count=4)
    quiz.refresh_from_db()
    attempt = start_attempt(enrolment, quiz, at=AT, rng=random.Random(1))
    versions = [question["version"] for question in attempt.served]
    assert len(set(versions)) == 4
    assert set(versions) <= set(quiz.questions.values_list("pk", flat=True))
    assert all(sorted(question["options"]) == list("abcd") for question in attempt.served)
    assert (attempt.number, attempt.started_at, attempt.deadline_at) == (1, AT, AT + 30 * MINUTE)
    assert all(set(question) == {"version", "options"} for question in attempt.served)


def test_chance_decides_the_place_of_the_right_option():
    enrolment, quiz = make_quiz(questions=10, max_attempts=100)
    places: Counter[int] = Counter()
    for _ in range(20):
        places.update(question["options"].index("a") for question in fail(enrolment, quiz).served)
    # 200 questions, 50 expected in each of four places; chi-square with 3 degrees of freedom, p = 0.0001.
    assert sum((places[place] - 50) ** 2 / 50 for place in range(4)) < 21.1


def test_the_order_of_two_attempts_differs():
    enrolment, quiz = make_quiz(questions=10, max_attempts=9)
    assert len({str(fail(enrolment, quiz).served) for _ in range(5)}) == 5


def test_an_open_attempt_is_returned_not_doubled(attempt):
    again = start_attempt(attempt.enrolment, attempt.edition_activity, at=AT + MINUTE)
    assert (again, again.served, Attempt.objects.count()) == (attempt, attempt.served, 1)


def test_attempts_are_limited():
    enrolment, quiz = make_quiz(max_attempts=2)
    fail(enrolment, quiz)
    fail(enrolment, quiz)
    with pytest.raises(NoAttemptsLeft):
        start_attempt(enrolment, quiz, at=AT)
    assert Attempt.objects.count() == 2


def test_an_attempt_waits_for_the_lessons():
    enrolment, quiz = make_quiz(lessons=1)
    with pytest.raises(ActivityLocked):
        start_attempt(enrolment, quiz, at=AT)
    assert Attempt.objects.count() == 0


def test_a_lesson_has_no_attempts():
    enrolment, _quiz = make_quiz(lessons=1)
    with pytest.raises(NotInEdition):
        start_attempt(enrolment, enrolment.edition.activities.get(kind="lesson"), at=AT)


def test_who_left_starts_nothing():
    enrolment, quiz = make_quiz()
    withdraw(enrolment, at=AT)
    with pytest.raises(Withdrawn):
        start_attempt(enrolment, quiz, at=AT)


def test_a_passed_quiz_is_not_tried_again(attempt):
    save_responses(attempt, answers(attempt, 4), at=AT)
    submit_attempt(attempt, at=AT)
    with pytest.raises(AlreadyPassed):
        start_attempt(attempt.enrolment, attempt.edition_activity, at=AT)


def test_answers_are_saved_and_replaced(attempt):
    version = attempt.served[0]["version"]
    save_responses(attempt, {version: ["a"]}, at=AT)
    saved = save_responses(attempt, {version: ["b"]}, at=AT + MINUTE)
    assert [(one.chosen, one.saved_at) for one in saved] == [(["b"], AT + MINUTE)]
    assert Response.objects.get().chosen == ["b"]
    save_responses(attempt, {version: []}, at=AT + MINUTE)
    assert Response.objects.get().chosen == []


def test_saving_nothing_changes_nothing(attempt):
    assert save_responses(attempt, {}, at=AT) == []


@pytest.mark.parametrize("chosen", [["x"], ["a", "a"], ["a", "b"], ["a"] * 10_000, ["a" * 100_000], [""]])
def test_an_answer_that_does_not_fit_is_refused_and_nothing_is_saved(attempt, chosen):
    good, bad = attempt.served[0]["version"], attempt.served[1]["version"]
    with pytest.raises(InvalidAnswer):
        save_responses(attempt, {good: ["a"], bad: chosen}, at=AT)
    assert Response.objects.count() == 0


def test_a_question_that_was_not_served_is_refused(attempt):
    foreign = QuestionVersion.objects.exclude(pk__in=[q["version"] for q in attempt.served]).first()
    assert foreign is None
    for version in (0, -1, 10**30, max(q["version"] for q in attempt.served) + 1):
        with pytest.raises(InvalidAnswer):
            save_responses(attempt, {version: ["a"]}, at=AT)
    assert Response.objects.count() == 0


def test_several_options_may_be_chosen_where_several_are_right(attempt):
    version = attempt.served[0]["version"]
    QuestionVersion.objects.filter(pk=version).update(kind="multiple")
    save_responses(attempt, {version: ["b", "a"]}, at=AT)
    assert sorted(Response.objects.get().chosen) == ["a", "b"]


def test_at_the_deadline_an_answer_still_counts_after_it_not(attempt):
    first, second = (question["version"] for question in attempt.served[:2])
    save_responses(attempt, {first: ["a"]}, at=AT + 30 * MINUTE)
    with pytest.raises(AttemptClosed):
        save_responses(attempt, {first: ["b"], second: ["a"]}, at=AT + 30 * MINUTE + timedelta(microseconds=1))
    assert list(Response.objects.values_list("version", "chosen")) == [(first, ["a"])]


def test_after_sending_nothing_is_saved(attempt):
    save_responses(attempt, answers(attempt, 4), at=AT)
    submit_attempt(attempt, at=AT)
    with pytest.raises(AttemptClosed):
        save_responses(attempt, answers(attempt, 0), at=AT)
    assert Response.objects.filter(chosen=["a"]).count() == 4


def test_sending_grades_and_completes_the_course(attempt):
    save_responses(attempt, answers(attempt, 3), at=AT)
    graded = submit_attempt(attempt, at=AT + MINUTE)
    assert (graded.score, graded.passed, graded.submitted_at) == (Decimal("75.00"), True, AT + MINUTE)
    completion = Completion.objects.get()
    assert (completion.score, completion.completed_at) == (Decimal("75.00"), AT + MINUTE)


def test_sending_twice_returns_the_graded_attempt(attempt):
    save_responses(attempt, answers(attempt, 3), at=AT)
    first = submit_attempt(attempt, at=AT)
    again = submit_attempt(attempt, at=AT + MINUTE)
    assert (again.submitted_at, again.score, Completion.objects.count()) == (AT, first.score, 1)


def test_a_failed_attempt_completes_nothing(attempt):
    save_responses(attempt, answers(attempt, 2), at=AT)
    graded = submit_attempt(attempt, at=AT)
    assert (graded.score, graded.passed, Completion.objects.count()) == (Decimal("50.00"), False, 0)


def test_the_pass_mark_is_compared_unrounded():
    """2 of 3 is 66.666…: shown as 66.67, below a pass mark of 66.67."""
    enrolment, quiz = make_quiz(questions=3, pass_mark=Decimal("66.67"))
    attempt = start_attempt(enrolment, quiz, at=AT)
    save_responses(attempt, answers(attempt, 2), at=AT)
    graded = submit_attempt(attempt, at=AT)
    assert (graded.score, graded.passed) == (Decimal("66.67"), False)


def test_a_late_send_grades_what_was_saved_as_of_the_deadline(attempt):
    save_responses(attempt, answers(attempt, 4), at=AT)
    graded = submit_attempt(attempt, at=AT + timedelta(days=1))
    assert (graded.submitted_at, graded.score) == (AT + 30 * MINUTE, Decimal("100.00"))


def test_starting_again_closes_an_attempt_whose_time_ran_out():
    enrolment, quiz = make_quiz()
    first = start_attempt(enrolment, quiz, at=AT)
    second = start_attempt(enrolment, quiz, at=AT + 31 * MINUTE)
    first.refresh_from_db()
    assert (first.submitted_at, first.passed, second.number) == (AT + 30 * MINUTE, False, 2)


def test_an_old_attempt_that_turns_out_passed_is_not_followed_by_another():
    enrolment, quiz = make_quiz()
    attempt = start_attempt(enrolment, quiz, at=AT)
    save_responses(attempt, answers(attempt, 4), at=AT)
    with pytest.raises(AlreadyPassed):
        start_attempt(enrolment, quiz, at=AT + 31 * MINUTE)


def test_the_sweep_closes_what_ran_out_and_leaves_the_rest(attempt):
    save_responses(attempt, answers(attempt, 4), at=AT)
    enrolment, quiz = make_quiz()
    running = start_attempt(enrolment, quiz, at=AT + 10 * MINUTE)
    assert close_expired_attempts(at=AT + 30 * MINUTE) == 0
    assert close_expired_attempts(at=AT + 31 * MINUTE) == 1
    assert close_expired_attempts(at=AT + 31 * MINUTE) == 0
    running.refresh_from_db()
    assert (running.submitted_at, Completion.objects.get().enrolment) == (None, attempt.enrolment)


def test_one_spoilt_attempt_does_not_hold_up_the_others(attempt):
    enrolment, quiz = make_quiz()
    Attempt.objects.filter(pk=attempt.pk).update(served=[{"spoilt": True}])
    second = start_attempt(enrolment, quiz, at=AT)
    with pytest.raises(ExceptionGroup):
        close_expired_attempts(at=AT + timedelta(hours=1))
    second.refresh_from_db()
    assert second.submitted_at is not None


def test_the_task_sweeps(attempt):
    Attempt.objects.filter(pk=attempt.pk).update(deadline_at=AT)
    sweep()
    attempt.refresh_from_db()
    assert attempt.submitted_at == AT


def test_a_quiz_without_a_time_limit_stays_open(attempt):
    Attempt.objects.filter(pk=attempt.pk).update(deadline_at=None)
    attempt.refresh_from_db()
    assert close_expired_attempts(at=AT + timedelta(days=30)) == 0
    assert save_responses(attempt, answers(attempt, 4), at=AT + timedelta(days=30))
