"""Trainers and learners at the same moment, each on a connection of its own: one fact, and words for everybody else."""

from __future__ import annotations

from collections import Counter
from concurrent.futures import ThreadPoolExecutor, wait
from datetime import UTC, date, datetime

import pytest
from django.db import connection, transaction
from django.test import Client
from django.urls import reverse
from wagtail.models import Collection, Locale, Page

from academy.people.models import Role
from courses import own_forms
from courses.attempts import save_responses, start_attempt, submit_attempt
from courses.copying import archive, copy_course
from courses.enrolment import NotOpen, RunNotOpen, enrol
from courses.models import (
    Completion,
    Course,
    CoursePage,
    Edition,
    EditionProposal,
    Enrolment,
    LessonPage,
    ModulePage,
    Question,
    QuestionBank,
    QuestionVersion,
    QuizPage,
    Run,
)
from courses.package_import import import_package, read_package
from courses.packaging import export_course
from courses.progress import complete_lesson
from courses.proposals import AlreadyDecided, approve, propose_edition, send_back
from courses.publishing import publish_edition
from courses.runs import close_run
from courses.switching import CannotSwitch, switch_edition
from tests.courses.authoring import make_course_page
from tests.courses.learning import read_all
from tests.courses.test_races import all_at_once
from tests.factories import LONG_AGO, PersonFactory, make_edition

pytestmark = [pytest.mark.race, pytest.mark.django_db(transaction=True)]
NOW = datetime(2026, 11, 24, 6, 30, tzinfo=UTC)
AT_ONCE = 8


@pytest.fixture(autouse=True)
def ground():
    """What migrations lay down, and real transactions of another test wipe away."""
    Locale.objects.get_or_create(language_code="id")
    if not Page.objects.exists():
        Page.add_root(title="Root", slug="root")
    if not Collection.objects.exists():
        Collection.add_root(name="Root")


@pytest.fixture
def page(ground) -> CoursePage:
    return make_course_page(title="Dasar SPBE", slug="dasar-spbe", lessons=4)


def somebody_of(page, kind=Role.Kind.TRAINER):
    person = PersonFactory()
    Role.objects.create(person=person, kind=kind, unit=page.course.organiser.unit, from_at=LONG_AGO)
    return person


def tree_problems():
    """Pages in a place that the tree does not know, or that count their children wrongly."""
    return [key for found in Page.find_problems() for key in found]


# Arranging a course


def pressing(page, data):
    """The statuses of the outline's answers to these buttons, pressed at once by as many trainers."""
    clients = [Client() for _one in data]
    for client in clients:
        client.force_login(somebody_of(page))
        client.get("/cms/")  # gives the groups of the role
    url = reverse("course_outline", args=[page.pk])
    return Counter(all_at_once(lambda number: clients[number].post(url, data[number]).status_code, count=len(data)))


def test_the_same_button_pressed_by_many_moves_once(page):
    lesson = LessonPage.objects.get(title="Materi 1.1")
    button = {"action": "down", "page": lesson.pk, "path": lesson.path}
    assert pressing(page, [button] * AT_ONCE) == {302: 1, 422: AT_ONCE - 1}
    assert [one.title for one in lesson.get_parent().get_children()][:2] == ["Materi 1.2", "Materi 1.1"]
    assert not tree_problems()


def test_outlines_changed_at_once_lose_no_page(page):
    """Lessons change places and modules while others rename and move them into another module."""
    other = page.add_child(instance=ModulePage(title="Modul 2", slug="modul-2", summary="Isi."))
    lessons = list(LessonPage.objects.order_by("path"))
    module = lessons[0].get_parent()
    data = [{"action": "down", "page": one.pk, "path": one.path} for one in lessons[:3]]
    data += [{"action": "to_module", "page": lessons[3].pk, "path": lessons[3].path, "module": other.pk}]
    data += [{"action": "up", "page": other.pk, "path": other.path}]
    data += [{"action": "rename", "page": one.pk, "title": f"{one.title} baru"} for one in lessons[:3]]
    statuses = pressing(page, data)
    assert set(statuses) <= {302, 422}
    assert statuses[302] >= 4  # whoever is first, and the new titles
    assert not tree_problems()
    assert Page.objects.descendant_of(page).type(LessonPage).count() == 4
    assert {one.pk for one in page.get_children()} == {module.pk, other.pk}
    titles = {
        one.pk: one.get_latest_revision_as_object().title for one in LessonPage.objects.exclude(title="Materi 1.4")
    }
    assert titles == {one.pk: f"{one.title} baru" for one in lessons[:3]}


# Making runs and courses


def making(page, address, data, *, count=4):
    """The statuses of the answers to one form, sent at once by as many trainers."""
    clients = [Client() for _number in range(count)]
    for client in clients:
        client.force_login(somebody_of(page))
        client.get("/cms/")  # gives the groups of the role
    return Counter(all_at_once(lambda number: clients[number].post(address, data).status_code, count=count))


@pytest.mark.parametrize("number", ["", "7"])
def test_runs_made_at_once_have_numbers_of_their_own(page, number):
    """One that is left empty is the next free one for each; one that is typed is the first one's."""
    data = {"course": page.course_id, "number": number, "opens_on": "2026-12-01", "closes_on": "2026-12-20"}
    statuses = making(page, "/cms/snippets/courses/run/add/", data)
    numbers = list(Run.objects.order_by("number").values_list("number", flat=True))
    assert (statuses, numbers) == (({302: 1, 200: 3}, [7]) if number else ({302: 4}, [1, 2, 3, 4]))


def test_banks_made_at_once_have_keys_of_their_own(page):
    data = {"title": "Arsip Digital", "organiser": page.course.organiser_id}
    assert making(page, "/cms/snippets/courses/questionbank/add/", data) == {302: 4}
    keys = QuestionBank.objects.filter(title="Arsip Digital").values_list("key", flat=True)
    assert sorted(keys) == ["arsip-digital", "arsip-digital-2", "arsip-digital-3", "arsip-digital-4"]


def test_a_key_taken_before_it_is_checked_is_no_fault_of_what_was_typed(page, client, monkeypatch):
    """The moment between choosing a key and Django's look for rows that have it, which threads meet once in many runs."""
    organiser = page.course.organiser
    QuestionBank.objects.create(key="arsip-digital", title="Lain", organiser=organiser)
    chosen, free_key = iter(["arsip-digital"]), own_forms.free_key
    monkeypatch.setattr(own_forms, "free_key", lambda *given: next(chosen, "") or free_key(*given))
    client.force_login(PersonFactory(is_superuser=True))
    data = {"title": "Arsip Digital", "organiser": organiser.pk}
    assert client.post("/cms/snippets/courses/questionbank/add/", data).status_code == 302
    assert QuestionBank.objects.get(title="Arsip Digital").key == "arsip-digital-2"


# Copying, loading


def test_copies_of_one_course_made_at_once_are_all_whole(page):
    author = somebody_of(page)

    def copy(number):
        return copy_course(
            page.course, title=f"Salinan {number}", key=f"salinan-{number}", code=f"S{number}", by=author
        )

    made = all_at_once(copy, count=4)
    assert len({course.pk for course in made}) == 4
    assert CoursePage.objects.count() == 5
    assert LessonPage.objects.count() == 5 * 4
    assert (QuestionBank.objects.count(), Question.objects.count()) == (5, 5 * 4)
    assert {quiz.bank_id for quiz in QuizPage.objects.all()} == set(QuestionBank.objects.values_list("pk", flat=True))
    assert not tree_problems()


def test_a_package_loaded_by_many_at_once_is_there_once(page, tmp_path):
    organiser, package = page.course.organiser, tmp_path / "paket.zip"
    package.write_bytes(export_course(page.course))
    lessons = sorted(LessonPage.objects.values_list("activity", flat=True))
    page.delete()
    Question.objects.all().delete()
    QuestionBank.objects.all().delete()
    Course.objects.all().delete()

    def load(_number):
        with read_package(package) as found:
            return len(import_package(found, organiser, by=None).written)

    written = all_at_once(load, count=4)
    assert sorted(written)[:3] == [0, 0, 0]
    assert max(written) > 0
    assert (Course.objects.count(), CoursePage.objects.count(), QuestionBank.objects.count()) == (1, 1, 1)
    assert sorted(LessonPage.objects.values_list("activity", flat=True)) == lessons
    assert Question.objects.count() == 4
    assert not tree_problems()


# Publishing


def test_many_readers_approve_one_edition(page):
    proposal = propose_edition(page.course, kind="minor", note="", by=somebody_of(page), at=NOW)
    readers = [somebody_of(page) for _number in range(AT_ONCE)]
    editions = all_at_once(lambda number: approve(proposal, by=readers[number], at=NOW).pk, count=AT_ONCE)
    assert set(editions) == {Edition.objects.get().pk}
    proposal.refresh_from_db()
    assert (proposal.state, proposal.edition_id) == ("approved", editions[0])


def test_an_edition_is_approved_or_returned(page):
    proposal = propose_edition(page.course, kind="minor", note="", by=somebody_of(page), at=NOW)
    readers = [somebody_of(page) for _number in range(AT_ONCE)]

    def decide(number):
        try:
            if number % 2:
                send_back(proposal, by=readers[number], comment="Periksa lagi.", at=NOW)
            else:
                approve(proposal, by=readers[number], at=NOW)
        except AlreadyDecided:
            return "late"
        return "approved" if number % 2 == 0 else "returned"

    found = set(all_at_once(decide, count=AT_ONCE))
    state = EditionProposal.objects.get().state
    assert found == {state, "late"}
    assert Edition.objects.count() == (state == "approved")


# Learning meanwhile


def test_nobody_joins_once_a_course_is_archived():
    """Who was quicker is in it and goes on; everybody else is told, whatever row of the course they had in hand."""
    course, author = make_edition().course, PersonFactory()
    people = PersonFactory.create_batch(AT_ONCE)

    def act(number):
        if number == 0:
            return archive(course, by=author, at=NOW)
        try:
            enrol(people[number], course, at=NOW)
        except NotOpen:
            return "refused"
        return "joined"

    joined = all_at_once(act, count=AT_ONCE)[1:].count("joined")
    assert Enrolment.objects.count() == joined
    with pytest.raises(NotOpen):
        enrol(people[0], course, at=NOW)


@pytest.fixture
def learner(page):
    """Every lesson done in edition 1.0; 2.0 has another title for one of them."""
    edition = publish_edition(page.course, kind="minor", by=None, at=NOW)
    enrolment = enrol(PersonFactory(), page.course, at=NOW)
    lesson = LessonPage.objects.get(title="Materi 1.1")
    lesson.title = "Judul baru"
    lesson.save_revision().publish()
    publish_edition(page.course, kind="material", by=None, at=NOW)
    assert enrolment.edition == edition
    return enrolment


def meanwhile(first, second):
    """What `second` returns that begins before what `first` did is committed."""

    def act():
        try:
            return second()
        finally:
            connection.close()

    with ThreadPoolExecutor(max_workers=1) as threads:
        with transaction.atomic():
            first()
            begun = threads.submit(act)
            wait([begun], timeout=1)  # until it is done, or waits for the lock
        return begun.result(timeout=60)


@pytest.fixture
def almost_done():
    """All lessons but one are done, in a run whose last day is over."""
    run = Run.objects.create(
        course=make_edition().course, year=2026, number=1, opens_on=date(2026, 10, 1), closes_on=date(2026, 10, 30)
    )
    enrolment = Enrolment.objects.create(
        person=PersonFactory(), run=run, course=run.course, edition=run.course.editions.get(), enrolled_at=NOW
    )
    first, last = enrolment.edition.activities.filter(kind="lesson").order_by("position")
    complete_lesson(enrolment, first, at=NOW)
    return enrolment, last


def test_a_last_lesson_that_is_being_stored_while_a_run_closes_counts(almost_done):
    enrolment, last = almost_done
    author = PersonFactory()
    attended = meanwhile(
        lambda: complete_lesson(enrolment, last, at=NOW), lambda: close_run(enrolment.run, by=author, at=NOW)
    )
    assert attended == 1
    assert Completion.objects.get().outcome == Completion.Outcome.ATTENDED


def test_who_reads_the_last_lesson_while_a_run_closes_is_told(almost_done):
    enrolment, last = almost_done
    author = PersonFactory()

    def read():
        try:
            complete_lesson(Enrolment.objects.get(pk=enrolment.pk), last, at=NOW)
        except RunNotOpen:
            return "told"
        return "stored"

    assert meanwhile(lambda: close_run(enrolment.run, by=author, at=NOW), read) == "told"
    assert enrolment.progress.count() == 1


def test_changing_the_edition_twice_is_changing_it_once(learner):
    read_all(learner)
    switched = all_at_once(
        lambda _n: switch_edition(Enrolment.objects.get(pk=learner.pk), at=NOW).number, count=AT_ONCE
    )
    assert set(switched) == {"2.0"}
    learner.refresh_from_db()
    assert (learner.edition.number, learner.progress.count()) == ("2.0", 4)


def test_learning_while_changing_the_edition_loses_nothing(learner):
    lessons = list(learner.edition.activities.filter(kind="lesson").order_by("position"))
    Edition.objects.update(sequential=False)

    def act(number):
        row = Enrolment.objects.get(pk=learner.pk)
        if number < 4:
            return complete_lesson(row, lessons[number], at=NOW)
        return switch_edition(row, at=NOW)

    all_at_once(act, count=AT_ONCE)
    learner.refresh_from_db()
    assert (learner.edition.number, learner.progress.count()) == ("2.0", 4)


def test_the_test_is_passed_in_the_edition_that_the_certificate_names(learner):
    """Each of four learners takes the test in one window and changes the edition in another."""
    others = [enrol(PersonFactory(), learner.run.course, at=NOW) for _number in range(3)]
    Enrolment.objects.update(edition=learner.edition)
    rows = [learner, *Enrolment.objects.filter(pk__in=[one.pk for one in others]).order_by("pk")]
    for row in rows:
        read_all(row)
    quiz = learner.edition.activities.get(kind="quiz")

    def act(number):
        row = Enrolment.objects.get(pk=rows[number % 4].pk)
        try:
            if number < 4:
                switch_edition(row, at=NOW)
            else:
                attempt = start_attempt(row, quiz, at=NOW)
                right = QuestionVersion.objects.in_bulk([served["version"] for served in attempt.served])
                save_responses(attempt, {pk: version.correct_ids for pk, version in right.items()}, at=NOW)
                submit_attempt(attempt, at=NOW)
        except CannotSwitch:
            return "kept"
        return "done"

    found = all_at_once(act, count=AT_ONCE)
    for place, completion in enumerate(Completion.objects.order_by("enrolment")):
        row = Enrolment.objects.select_related("edition").get(pk=completion.enrolment_id)
        (attempt,) = row.attempts.all()
        assert completion.edition == row.edition == attempt.edition_activity.edition
        assert row.edition.number == ("1.0" if found[place] == "kept" else "2.0")
    assert Completion.objects.count() == 4
