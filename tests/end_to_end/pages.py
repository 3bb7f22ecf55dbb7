"""One person who has been everywhere, and the addresses of all kinds of pages; for tests that look at every page."""

from __future__ import annotations

from dataclasses import dataclass

from tests.end_to_end import learning
from tests.end_to_end.stack import Stack
from tests.end_to_end.visitor import Visitor


@dataclass(frozen=True)
class Spot:
    """A page, and the session of who looks at it ("" for a stranger)."""

    name: str
    path: str
    session: str = ""


def every_kind_of_page(academy: Stack, *, prefix: str) -> list[Spot]:
    """A learner in the middle of a test, one with a certificate, an officer, and strangers."""
    going, done = (account(academy, f"{prefix}-{word}") for word in ("jalan", "selesai"))
    officer = academy.ask("make_hr", prefix=f"{prefix}.hr", agency="7701")
    hr = academy.ask("make_sessions", people=[officer["id"]])[0]

    enrolment, _answer = learning.enrol(done.visitor)
    test_path, _lessons = learning.do_lessons(academy, done.visitor, enrolment)
    review = learning.answer_all(academy, done.visitor, learning.start_test(done.visitor, test_path), email=done.email)
    result = learning.send(done.visitor, review)
    course_done = Spot("course-done", f"/belajar/{enrolment}/", done.session)
    certificate = learning.wait_until_certified(academy, email=done.email)

    enrolment, _answer = learning.enrol(going.visitor)
    first = academy.ask("activities", enrolment=enrolment)[0]
    lesson_path = learning.activity_path(enrolment, first)
    test_path, _lessons = learning.do_lessons(academy, going.visitor, enrolment)
    waiting = account(academy, f"{prefix}-menunggu")
    waiting_enrolment, _answer = learning.enrol(waiting.visitor)
    waiting_test, _lessons = learning.do_lessons(academy, waiting.visitor, waiting_enrolment)
    questions = learning.start_test(waiting.visitor, waiting_test)
    return [
        Spot("home", "/"),
        Spot("catalogue", "/katalog/"),
        Spot("course", f"/katalog/{learning.COURSE}/"),
        Spot("sign-in", "/masuk/"),
        Spot("verify-form", "/verifikasi/"),
        Spot("verify-help", "/verifikasi/bantuan/"),
        Spot("verification", f"/V/{certificate['code']}"),
        Spot("unknown-code", "/V/0000000000000000"),
        Spot("not-found", "/tidak-ada/"),
        Spot("home-signed-in", "/", going.session),
        Spot("my-learning", "/belajar/", going.session),
        Spot("course-enrolled", f"/katalog/{learning.COURSE}/", going.session),
        Spot("lesson", lesson_path, going.session),
        Spot("every-block", academy.ask("make_lesson_of_every_block", person=going.id), going.session),
        Spot("quiz", test_path, going.session),
        Spot("questions", questions.path, waiting.session),
        Spot("review", f"{questions.path}tinjau/", waiting.session),
        Spot("result", result.path, done.session),
        course_done,
        Spot("my-certificates", "/sertifikat/", done.session),
        Spot("report", "/laporan/", hr),
        *[
            Spot(f"desk-{word}", f"/kepegawaian/{word}/", hr)
            for word in ("unit-kerja", "mutasi", "peran", "aktivasi", "sertifikat")
        ],
        Spot("desk-person", f"/kepegawaian/pegawai/{officer['id']}/kelola/", hr),
        Spot("desk-change", f"/kepegawaian/pegawai/{officer['id']}/kelola/data/", hr),
        *[Spot(f"report-{number}", path, hr) for number, path in enumerate(report_pages(academy, hr), start=1)],
    ]


@dataclass(frozen=True)
class Account:
    id: int
    email: str
    session: str
    visitor: Visitor


def account(academy: Stack, name: str) -> Account:
    person = academy.ask("make_people", prefix=name, sign_in=False)[0]
    session = academy.ask("make_sessions", people=[person["id"]])[0]
    visitor = Visitor(academy.base_url)
    visitor.cookies["sessionid"] = session
    return Account(person["id"], person["email"], session, visitor)


def report_pages(academy: Stack, session: str) -> list[str]:
    """Some lists of people behind the figures of the overview."""
    visitor = Visitor(academy.base_url)
    visitor.cookies["sessionid"] = session
    links = [link.url for link in visitor.get("/laporan/").page.links if link.url.startswith("/laporan/")]
    pages = [url for url in links if not any(word in url for word in ("csv", "xlsx", "json", "pdf"))]
    return [url for url in dict.fromkeys(pages) if url != "/laporan/"][:2]
