"""Dated runs (angkatan): joining, inviting, prerequisites, opening and closing."""

from __future__ import annotations

import threading
from datetime import date, timedelta

import pytest
from django.db import connection
from django.urls import reverse
from django.utils import timezone

from academy.people.models import AccessLog, Role
from courses.attempts import save_responses, start_attempt, submit_attempt
from courses.enrolment import NotOpen, PrerequisitesMissing, RunNotOpen, enrol
from courses.models import Completion, Enrolment, LessonPage, Run
from courses.progress import complete_lesson
from courses.publishing import publish_edition
from courses.run_desk import invite
from courses.runs import CannotClose, close_run, closing_of, next_number, runs_to_join
from courses.switching import switch_edition
from tests.courses.authoring import make_course_page
from tests.courses.learning import read_all
from tests.factories import AT, LONG_AGO, CourseFactory, PersonFactory, make_completion, make_edition

pytestmark = pytest.mark.django_db
TODAY = date(2026, 11, 24)


@pytest.fixture
def course():
    return make_edition().course


def make_run(course, **fields):
    values = {"year": 2026, "number": 3, "opens_on": date(2026, 11, 1), "closes_on": date(2026, 11, 30)}
    return Run.objects.create(course=course, **values | fields)


def test_a_run_is_named_as_certificates_print_it(course):
    assert make_run(course).name == "Angkatan III Tahun 2026"
    assert enrol(PersonFactory(), course, at=AT).run.name == "Kelas Mandiri Tahun 2026"


def test_people_join_a_run_once(course):
    run, person = make_run(course), PersonFactory()
    enrolment = enrol(person, course, at=AT, run=run)
    assert enrolment.run == run
    assert enrol(person, course, at=AT, run=run) == enrolment
    assert enrol(person, course, at=AT) == enrolment


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"closes_on": TODAY - timedelta(days=1)}, "sudah ditutup"),
        ({"closed_at": AT}, "sudah ditutup"),
        ({"enrol_until_on": TODAY - timedelta(days=1)}, "tidak menerima"),
        ({"self_enrolment": False}, "tidak menerima"),
    ],
)
def test_a_run_that_takes_nobody_says_why(course, fields, reason):
    run = make_run(course, **fields)
    with pytest.raises(NotOpen, match=reason):
        enrol(PersonFactory(), course, at=AT, run=run)
    assert not Enrolment.objects.exists()
    assert runs_to_join([course], on=TODAY) == []


def test_seats_are_not_sold_twice(course):
    run = make_run(course, seats=1)
    enrol(PersonFactory(), course, at=AT, run=run)
    with pytest.raises(NotOpen, match="1 kursi"):
        enrol(PersonFactory(), course, at=AT, run=run)
    assert runs_to_join([course], on=TODAY) == []


@pytest.mark.django_db(transaction=True)
def test_of_two_at_once_one_gets_the_last_seat(course):
    run, people = make_run(course, seats=1), [PersonFactory(), PersonFactory()]
    both = threading.Barrier(2)
    found: list[int | None] = []

    def join(person):
        both.wait()
        try:
            found.append(enrol(person, course, at=AT, run=run).pk)
        except NotOpen:
            found.append(None)
        finally:
            connection.close()

    threads = [threading.Thread(target=join, args=[person]) for person in people]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found.count(None) == 1
    assert Enrolment.objects.filter(run=run).count() == 1


def test_a_course_of_cohorts_only_is_not_taken_alone(course):
    course.self_paced = False
    course.save()
    with pytest.raises(NotOpen, match="angkatan"):
        enrol(PersonFactory(), course, at=AT)
    assert enrol(PersonFactory(), course, at=AT, run=make_run(course)).pk


def test_prerequisites_come_first(course):
    first = CourseFactory(title="Dasar")
    course.prerequisites.add(first)
    person = PersonFactory()
    with pytest.raises(PrerequisitesMissing, match="Dasar"):
        enrol(person, course, at=AT)
    make_completion(person, edition=make_edition(first))
    assert enrol(person, course, at=AT).pk


def test_an_archived_prerequisite_shuts_nobody_out(course):
    """Whoever had not passed it by then never could."""
    course.prerequisites.add(CourseFactory(archived_at=AT))
    assert enrol(PersonFactory(), course, at=AT).run.course == course


def test_who_is_invited_needs_no_prerequisites(course):
    course.prerequisites.add(CourseFactory())
    run = make_run(course, self_enrolment=False)
    assert enrol(PersonFactory(), course, at=AT, run=run, invited=True).run == run


def test_nothing_is_learned_before_the_run_begins(client, course):
    run = make_run(course, opens_on=timezone.localdate() + timedelta(days=3), closes_on=date(2040, 1, 1))
    enrolment = enrol(PersonFactory(), course, at=timezone.now(), run=run)
    lesson = enrolment.edition.activities.get(position=1)
    with pytest.raises(RunNotOpen):
        complete_lesson(enrolment, lesson, at=timezone.now())
    assert not enrolment.progress.exists()
    client.force_login(enrolment.person)
    response = client.get(reverse("enrolment", args=[enrolment.pk]), follow=True)
    assert response.status_code == 403
    assert "dimulai" in response.content.decode()


def test_closing_a_run_writes_down_who_attended(course):
    run = make_run(course)
    attended, passed, idle, left = (enrol(PersonFactory(), course, at=AT, run=run) for _each in range(4))
    read_all_at(attended)
    pass_all(passed)
    Enrolment.objects.filter(pk=left.pk).update(withdrawn_at=AT)
    with pytest.raises(CannotClose):
        close_run(run, by=attended.person, at=AT)
    after = AT + timedelta(days=30)
    closing = closing_of(run)
    assert (closing.passed, closing.attended, closing.unfinished) == (1, [attended], [idle])
    assert close_run(run, by=attended.person, at=after) == 1
    assert close_run(run, by=attended.person, at=after) == 0
    outcomes = dict(Completion.objects.values_list("enrolment", "outcome"))
    assert outcomes == {attended.pk: "attended", passed.pk: "passed"}
    with pytest.raises(RunNotOpen):
        complete_lesson(idle, idle.edition.activities.get(position=1), at=after)


def read_all_at(enrolment):
    for lesson in enrolment.edition.activities.filter(kind="lesson").order_by("position"):
        complete_lesson(enrolment, lesson, at=AT)


def pass_all(enrolment):
    read_all_at(enrolment)
    attempt = start_attempt(enrolment, enrolment.edition.activities.get(kind="quiz"), at=AT)
    save_responses(attempt, {question["version"]: ["a"] for question in attempt.served}, at=AT)
    submit_attempt(attempt, at=AT)


def test_an_open_attempt_is_graded_when_the_run_is_closed(course):
    run = make_run(course)
    enrolment = enrol(PersonFactory(), course, at=AT, run=run)
    read_all_at(enrolment)
    attempt = start_attempt(enrolment, enrolment.edition.activities.get(kind="quiz"), at=AT)
    save_responses(attempt, {question["version"]: ["a"] for question in attempt.served}, at=AT)
    assert close_run(run, by=enrolment.person, at=AT + timedelta(days=30)) == 0
    assert Completion.objects.get().outcome == Completion.Outcome.PASSED


def test_the_next_cohort_has_the_next_number(course):
    make_run(course, number=2)
    assert (next_number(course, year=2026), next_number(course, year=2027)) == (3, 1)


# The desk of the organiser, and the pages of learners


@pytest.fixture
def page():
    page = make_course_page(title="Dasar SPBE", slug="dasar-spbe")
    publish_edition(page.course, kind="minor", by=None, at=AT)
    return page


@pytest.fixture
def trainer(client, page):
    person = PersonFactory()
    Role.objects.create(person=person, kind=Role.Kind.TRAINER, unit=page.course.organiser.unit, from_at=LONG_AGO)
    client.force_login(person)
    return person


def current_run(course, **fields):
    today = timezone.localdate()
    return make_run(course, opens_on=today, closes_on=today + timedelta(days=30), year=today.year, **fields)


def test_a_run_is_made_in_the_cms_with_the_next_number(client, page, trainer):
    data = {
        "course": page.course_id,
        "number": "",
        "seats": "30",
        "opens_on": "2026-12-01",
        "closes_on": "2026-12-20",
        "self_enrolment": "on",
        "enrol_until_on": "",
        "trainers": [trainer.pk],
    }
    response = client.post("/cms/snippets/courses/run/add/", data)
    assert response.status_code == 302, response.content.decode()[:2000]
    run = Run.objects.get(number__isnull=False)
    assert (run.name, run.seats, list(run.trainers.all())) == ("Angkatan I Tahun 2026", 30, [trainer])
    refused = client.post("/cms/snippets/courses/run/add/", data | {"number": "1"})
    assert "sudah ada" in refused.content.decode()
    refused = client.post("/cms/snippets/courses/run/add/", data | {"closes_on": "2026-11-01"})
    assert refused.status_code == 200
    assert Run.objects.filter(number__isnull=False).count() == 1


def test_people_are_invited_by_nip_and_each_look_is_logged(client, page, trainer):
    run = current_run(page.course, self_enrolment=False)
    person, elsewhere = PersonFactory(), PersonFactory()
    enrol(elsewhere, page.course, at=timezone.now())
    unknown = PersonFactory.build().nip
    address = reverse("run_participants", args=[run.pk])
    response = client.post(address, {"nips": f"{person.nip}\n{elsewhere.nip}\n{unknown}"})
    text = response.content.decode()
    assert person.full_name in text
    assert f"{unknown}: tidak ada orang" in text
    assert "Kelas Mandiri" in text
    assert unknown in text.split("<textarea")[1], "what was typed is kept"
    assert invite(run, [person.nip], by=trainer).already == 1
    assert Enrolment.objects.filter(run=run).count() == 1
    assert AccessLog.objects.filter(person=trainer, subject=person).exists()


@pytest.mark.parametrize("nips", ["", "123", "x" * 30])
def test_what_is_no_nip_is_refused(client, page, trainer, nips):
    run = current_run(page.course)
    assert client.post(reverse("run_participants", args=[run.pk]), {"nips": nips}).status_code == 422
    assert not Enrolment.objects.exists()


def test_what_was_done_in_an_older_edition_is_not_counted_in_the_newer_one(client, page, trainer):
    """Both lessons done; the newest edition has one of them, a new one and the quiz."""
    run = current_run(page.course)
    enrolment, other = (enrol(PersonFactory(), page.course, at=timezone.now(), run=run) for _each in range(2))
    read_all(enrolment)
    read_all(other)
    first, second = LessonPage.objects.order_by("path")
    first.get_parent().add_child(
        instance=LessonPage(title="Materi baru", slug="baru", reading_minutes=60, body=second.body)
    )
    first.unpublish()
    publish_edition(page.course, kind="material", by=None, at=timezone.now())
    switch_edition(enrolment, at=timezone.now())
    rows = client.get(reverse("run_participants", args=[run.pk])).context["rows"]
    assert {row["pk"]: (row["done"], row["total"]) for row in rows} == {enrolment.pk: (1, 3), other.pk: (2, 3)}


def test_a_run_of_another_organiser_does_not_exist(client, page, trainer):
    run = current_run(CourseFactory())
    for name, method in (
        ("run_participants", client.get),
        ("run_participants", client.post),
        ("run_close", client.post),
    ):
        assert method(reverse(name, args=[run.pk])).status_code == 404
    assert client.get(f"/cms/snippets/courses/run/edit/{run.pk}/").status_code == 404
    assert str(run) not in client.get("/cms/snippets/courses/run/").content.decode()


def test_somebody_is_taken_out_and_what_was_done_stays(client, page, trainer):
    run = current_run(page.course)
    enrolment = enrol(PersonFactory(), page.course, at=timezone.now(), run=run)
    client.post(reverse("run_remove_participant", args=[run.pk, enrolment.pk]))
    enrolment.refresh_from_db()
    assert enrolment.withdrawn_at is not None


def test_a_reviewer_looks_and_changes_nothing(client, page):
    person = PersonFactory()
    Role.objects.create(person=person, kind=Role.Kind.REVIEWER, unit=page.course.organiser.unit, from_at=LONG_AGO)
    client.force_login(person)
    run = current_run(page.course)
    enrolment = enrol(PersonFactory(), page.course, at=timezone.now(), run=run)
    assert enrolment.person.full_name in client.get(reverse("run_participants", args=[run.pk])).content.decode()
    client.post(reverse("run_remove_participant", args=[run.pk, enrolment.pk]))
    client.post(reverse("run_close", args=[run.pk]))
    client.post(reverse("run_participants", args=[run.pk]), {"nips": PersonFactory().nip})
    enrolment.refresh_from_db()
    run.refresh_from_db()
    assert (enrolment.withdrawn_at, run.closed_at, Enrolment.objects.count()) == (None, None, 1)


def test_closing_is_asked_first(client, page, trainer):
    run = make_run(page.course, year=2025, opens_on=date(2025, 1, 1), closes_on=date(2025, 2, 1))
    enrolment = Enrolment.objects.create(
        person=PersonFactory(), run=run, course=page.course, edition=page.course.editions.get(), enrolled_at=AT
    )
    read_all(enrolment)
    address = reverse("run_close", args=[run.pk])
    assert enrolment.person.full_name in client.get(address).content.decode()
    client.post(address)
    run.refresh_from_db()
    assert run.closed_by == trainer
    assert Completion.objects.get().outcome == Completion.Outcome.ATTENDED


def test_the_course_page_offers_its_runs(client, page):
    run = current_run(page.course)
    client.force_login(PersonFactory())
    text = client.get(page.get_url()).content.decode()
    assert f"Ikuti {run.name}" in text
    client.post(reverse("enrol", args=[page.course.key]), {"run": run.pk})
    assert Enrolment.objects.get().run == run


@pytest.mark.parametrize("run", ["0", "x", "9" * 40])
def test_a_run_that_there_is_not_is_not_joined(client, page, run):
    client.force_login(PersonFactory())
    assert client.post(reverse("enrol", args=[page.course.key]), {"run": run}).status_code == 404
    assert not Enrolment.objects.exists()


def test_the_course_page_names_what_comes_first(client, page):
    first = make_course_page(title="Pengantar", slug="pengantar")
    page.course.prerequisites.add(first.course)
    client.force_login(PersonFactory())
    text = client.get(page.get_url()).content.decode()
    assert first.get_url() in text
    response = client.post(reverse("enrol", args=[page.course.key]))
    assert response.status_code == 409
    assert not Enrolment.objects.exists()


def test_prerequisites_in_a_circle_are_refused(client, page):
    client.force_login(PersonFactory(is_superuser=True))
    course = page.course
    other = make_edition().course
    other.prerequisites.add(course)
    data = {
        "title": course.title,
        "key": course.key,
        "code": course.code,
        "organiser": course.organiser_id,
        "level": course.level,
        "credit_hours": 1,
        "pass_mark": 70,
        "sequential": "on",
        "self_paced": "on",
        "prerequisites": [other.pk],
    }
    response = client.post(f"/cms/snippets/courses/course/edit/{course.pk}/", data)
    assert "tidak seorang pun dapat mulai" in response.content.decode()
    assert not course.prerequisites.exists()
