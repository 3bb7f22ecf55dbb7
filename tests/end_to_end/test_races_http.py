"""Many clicks at the same moment, over real HTTP against the real server: one fact, and a normal answer for each."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from tests.end_to_end import learning
from tests.end_to_end.stack import Stack
from tests.end_to_end.visitor import Answer, Visitor

pytestmark = [pytest.mark.end_to_end, pytest.mark.race]

CLICKS = 64


def clicks(visitor: Visitor, click: Callable[[Visitor], Answer], *, count: int = CLICKS) -> list[int]:
    """The statuses of `count` clicks that begin at the same moment, each on its own connection, in one session."""
    barrier = threading.Barrier(count)

    def one(_number: int) -> int:
        tab = Visitor(visitor.base_url)
        tab.cookies = dict(visitor.cookies)
        barrier.wait()
        return click(tab).status

    with ThreadPoolExecutor(count) as pool:
        return list(pool.map(one, range(count)))


def assert_answered_normally(statuses: list[int]) -> None:
    strange = [status for status in statuses if not (200 <= status < 400 or status == 409)]
    assert not strange, f"of {len(statuses)} answers these are not 2xx, 3xx or 409: {strange}"


def learner_who_read_all(academy: Stack, prefix: str) -> tuple[Visitor, dict[str, str], str]:
    learner = academy.ask("make_people", prefix=prefix)[0]
    visitor = Visitor(academy.base_url)
    visitor.sign_in(learner["email"], learner["password"])
    enrolment, _answer = learning.enrol(visitor)
    test_path, _lessons = learning.do_lessons(academy, visitor, enrolment)
    return visitor, learner, test_path


def test_64_submissions_of_the_last_answer_make_one_completion_and_one_certificate(academy: Stack):
    visitor, learner, test_path = learner_who_read_all(academy, "balap-kirim")
    questions = learning.start_test(visitor, test_path)
    review = learning.answer_all(academy, visitor, questions, email=learner["email"])
    form = next(form for form in review.page.forms if "kirim" in form.text.lower())

    assert_answered_normally(clicks(visitor, lambda tab: tab.submit(review, form, follow=False)))

    facts = academy.ask("facts", email=learner["email"])
    assert (facts["submitted"], facts["completions"]) == (1, 1)
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline and not any(each["published"] for each in facts["certificates"]):
        time.sleep(0.3)
        facts = academy.ask("facts", email=learner["email"])
    assert [each["published"] for each in facts["certificates"]] == [True]


def test_64_learners_who_finish_at_once_have_one_certificate_each_and_no_number_is_missing(academy: Stack):
    prefix = "balap-lulus"
    candidates = academy.ask("make_candidates", prefix=prefix, count=CLICKS)
    barrier = threading.Barrier(CLICKS)

    def finish(candidate: dict[str, Any]) -> list[int]:
        learner = Visitor(academy.base_url)
        learner.cookies["sessionid"] = candidate["session"]
        review = learner.get(candidate["review"])
        form = next(form for form in review.page.forms if "kirim" in form.text.lower())
        barrier.wait()
        return [learner.submit(review, form, follow=False).status for _delivery in range(2)]  # a double click

    with ThreadPoolExecutor(CLICKS) as pool:
        assert_answered_normally([status for statuses in pool.map(finish, candidates) for status in statuses])

    deadline = time.monotonic() + 120
    outcome = academy.ask("certified", prefix=prefix)
    while time.monotonic() < deadline and outcome["messages"] < CLICKS:
        time.sleep(1)
        outcome = academy.ask("certified", prefix=prefix)
    once_each = dict.fromkeys(("completions", "certificates", "published", "files", "messages"), CLICKS)
    assert outcome == {**once_each, "gapless": True}


def test_64_starts_of_the_test_make_one_attempt(academy: Stack):
    visitor, learner, test_path = learner_who_read_all(academy, "balap-mulai")
    intro = visitor.get(test_path)
    form = intro.page.form(action=test_path)
    assert_answered_normally(clicks(visitor, lambda tab: tab.submit(intro, form, follow=False)))
    assert academy.ask("facts", email=learner["email"])["attempts"] == 1


def test_64_clicks_on_follow_make_one_enrolment(academy: Stack):
    learner = academy.ask("make_people", prefix="balap-ikuti")[0]
    visitor = Visitor(academy.base_url)
    visitor.sign_in(learner["email"], learner["password"])
    page = visitor.get(f"/katalog/{learning.COURSE}/")
    form = page.page.form(action="/ikuti/")
    assert_answered_normally(clicks(visitor, lambda tab: tab.submit(page, form, follow=False)))
    assert academy.ask("facts", email=learner["email"])["enrolments"] == 1


def test_64_clicks_on_done_make_one_step_of_progress(academy: Stack):
    learner = academy.ask("make_people", prefix="balap-materi")[0]
    visitor = Visitor(academy.base_url)
    visitor.sign_in(learner["email"], learner["password"])
    enrolment, _answer = learning.enrol(visitor)
    lesson = academy.ask("activities", enrolment=enrolment)[0]
    page = visitor.get(learning.activity_path(enrolment, lesson))
    form = page.page.form(action=lesson["activity"])
    assert_answered_normally(clicks(visitor, lambda tab: tab.submit(page, form, follow=False)))
    assert academy.ask("facts", email=learner["email"])["progress"] == 1
