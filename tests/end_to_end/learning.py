"""How a learner goes through a course over HTTP: the steps that several tests share."""

from __future__ import annotations

import re
import time

from tests.end_to_end.stack import Stack
from tests.end_to_end.visitor import Answer, Visitor

COURSE = "dasar-spbe"
MOST_STEPS = 60


def enrol(visitor: Visitor, *, course: str = COURSE) -> tuple[int, Answer]:
    """From the catalogue to the course and into it; the enrolment's id and the page where that leads."""
    catalogue = visitor.get("/katalog/")
    course_page = visitor.get(catalogue.page.link(f"/katalog/{course}/"))
    answer = visitor.submit(course_page, course_page.page.form(action="/ikuti/"))
    found = re.match(r"/belajar/(\d+)/", answer.path)
    assert found, f"enrolling led to {answer.path} ({answer.status})"
    return int(found[1]), answer


def activity_path(enrolment: int, activity: dict[str, str]) -> str:
    return f"/belajar/{enrolment}/{activity['activity']}/"


def do_lessons(academy: Stack, visitor: Visitor, enrolment: int) -> tuple[str, int]:
    """Press "Selesai, lanjut" on every lesson; the address of the post-test and how many lessons there were."""
    activities = academy.ask("activities", enrolment=enrolment)
    lessons = [each for each in activities if each["kind"] == "lesson"]
    for lesson in lessons:
        answer = visitor.get(activity_path(enrolment, lesson))
        assert answer.status == 200
        assert lesson["title"] in answer.page.text
        done = visitor.submit(answer, answer.page.form(action=lesson["activity"]))
        assert done.status == 200, f"{lesson['title']}: {done.status}"
    test = next(each for each in activities if each["is_post_test"])
    return activity_path(enrolment, test), len(lessons)


def start_test(visitor: Visitor, test_path: str) -> Answer:
    """The page with the questions."""
    intro = visitor.get(test_path)
    questions = visitor.submit(intro, intro.page.form(action=test_path))
    assert questions.status == 200
    return questions


def answer_fields(answers: dict[str, list[str]]) -> dict[str, str | list[str]]:
    """The form's fields for the right answers, by question version."""
    return {f"q{version}": options for version, options in answers.items()}


def answer_all(academy: Stack, visitor: Visitor, questions: Answer, *, email: str) -> Answer:
    """Tick the right answers (known from the database, never from the page); the page before sending."""
    fields = answer_fields(academy.ask("right_answers", email=email))
    form = next(form for form in questions.page.forms if any(each.name in fields for each in form.fields))
    review = visitor.send(questions, form, fields)
    assert review.status == 200
    return review


def send(visitor: Visitor, review: Answer) -> Answer:
    form = next(form for form in review.page.forms if "kirim" in form.text.lower())
    result = visitor.submit(review, form)
    assert result.status == 200
    return result


def wait_until_certified(academy: Stack, *, email: str, within_seconds: float = 60) -> dict[str, str]:
    """The person's certificate as soon as the worker has published it."""
    deadline = time.monotonic() + within_seconds
    while time.monotonic() < deadline:
        for certificate in academy.ask("facts", email=email)["certificates"]:
            if certificate["published"]:
                return dict(certificate)
        time.sleep(0.2)
    raise AssertionError(f"{email} has no certificate after {within_seconds} seconds")
