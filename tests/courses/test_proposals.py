"""A new edition is read by a second person: proposing, approving, returning, and the page of the CMS for it."""

from __future__ import annotations

import pytest
from django.urls import reverse

from academy.notifications.models import Message
from academy.people.models import Role
from courses.models import Edition, EditionProposal, LessonPage, QuizPage
from courses.proposals import (
    AlreadyDecided,
    ChangedSinceProposed,
    NothingChanged,
    SecondReaderNeeded,
    approve,
    proposals_to_read,
    propose_edition,
    send_back,
    take_back,
)
from courses.publishing import EditionInvalid, publish_edition
from tests.factories import LONG_AGO, PersonFactory, make_enrolment, make_unit

pytestmark = pytest.mark.django_db
PAGES = [{"title": "Dasar SPBE", "slug": "dasar-spbe", "questions": 4}]


def somebody_of(unit, kind=Role.Kind.TRAINER):
    person = PersonFactory()
    Role.objects.create(person=person, kind=kind, unit=unit, from_at=LONG_AGO)
    return person


@pytest.fixture
def author(page):
    return somebody_of(page.course.organiser.unit)


@pytest.fixture
def reader(page):
    return somebody_of(page.course.organiser.unit, Role.Kind.REVIEWER)


def propose(page, author, now, kind="minor", note="Salah ketik diperbaiki."):
    return propose_edition(page.course, kind=kind, note=note, by=author, at=now)


def rename(title, becomes):
    lesson = LessonPage.objects.get(title=title)
    lesson.title = becomes
    lesson.save_revision().publish()


def test_a_second_person_publishes_what_the_first_proposed(page, author, reader, now):
    proposal = propose(page, author, now)
    edition = approve(proposal, by=reader, at=now)
    assert (edition.number, edition.published_by, edition.approved_by) == ("1.0", author, reader)
    assert edition.note == "Salah ketik diperbaiki."
    assert approve(proposal, by=reader, at=now) == edition
    assert Edition.objects.count() == 1


def test_nobody_approves_the_own_proposal(page, author, now):
    with pytest.raises(SecondReaderNeeded):
        approve(propose(page, author, now), by=author, at=now)
    assert not Edition.objects.exists()


def test_proposing_the_same_again_is_the_same_proposal(page, author, now):
    assert propose(page, author, now) == propose(page, author, now)


def test_a_later_proposal_takes_the_place_of_the_one_that_waits(page, author, reader, now):
    first = propose(page, author, now)
    rename("Materi 1.1", "Judul baru")
    with pytest.raises(ChangedSinceProposed):
        approve(first, by=reader, at=now)
    second = propose(page, author, now)
    first.refresh_from_db()
    assert first.state == EditionProposal.State.WITHDRAWN
    with pytest.raises(AlreadyDecided):
        approve(first, by=reader, at=now)
    assert approve(second, by=reader, at=now).number == "1.0"


def test_nothing_changed_is_no_proposal(page, author, now):
    publish_edition(page.course, kind="minor", by=None, at=now)
    with pytest.raises(NothingChanged):
        propose(page, author, now)


def test_what_cannot_be_an_edition_is_not_proposed(page, author, now):
    QuizPage.objects.update(question_count=9)
    with pytest.raises(EditionInvalid):
        propose(page, author, now)
    assert not EditionProposal.objects.exists()


def test_a_returned_proposal_says_what_to_do_and_is_not_published(page, author, reader, now):
    proposal = propose(page, author, now)
    send_back(proposal, by=reader, comment="Contoh di materi 1.1 keliru.", at=now)
    send_back(proposal, by=reader, comment="Contoh di materi 1.1 keliru.", at=now)
    with pytest.raises(AlreadyDecided):
        approve(proposal, by=reader, at=now)
    with pytest.raises(AlreadyDecided):
        take_back(proposal, by=author, at=now)
    (mail,) = Message.objects.filter(person=author)
    assert "Contoh di materi 1.1 keliru." in mail.body
    assert not Edition.objects.exists()


def test_readers_of_this_organiser_are_told_and_no_others(page, author, reader, now):
    elsewhere = somebody_of(make_unit("Dinas lain"), Role.Kind.REVIEWER)
    propose(page, author, now)
    assert set(Message.objects.values_list("person", flat=True)) == {reader.pk}
    assert not proposals_to_read(elsewhere, at=now).exists()
    assert proposals_to_read(reader, at=now).count() == 1
    assert not proposals_to_read(author, at=now).exists()


def test_the_edition_tells_what_changed(page, author, reader, now):
    publish_edition(page.course, kind="minor", by=None, at=now)
    rename("Materi 1.1", "Judul baru")
    edition = approve(propose(page, author, now), by=reader, at=now)
    assert edition.number == "1.1"
    assert edition.changes == ["Berubah: Judul baru"]


# The page of the CMS


def address(page):
    return reverse("publish_edition", args=[page.pk])


def press(client, page, action, **fields):
    waiting = EditionProposal.objects.order_by("-pk").first()
    data = {"action": action, "proposal": waiting.pk if waiting else "", **fields}
    return client.post(address(page), data, follow=True)


def said(response):
    return " ".join(str(message) for message in response.context["messages"])


def test_the_way_of_an_edition_through_the_cms(client, page, author, reader, now):
    edition = publish_edition(page.course, kind="minor", by=None, at=now)
    make_enrolment(edition=edition)
    rename("Materi 1.1", "Judul yang baru")
    client.force_login(author)
    shown = client.get(address(page)).content.decode()
    assert "<del>Materi 1.1</del>" in shown
    assert "<ins>Judul yang baru</ins>" in shown
    press(client, page, "propose", kind="minor", note="Judul lebih jelas.")
    own = client.get(address(page)).content.decode()
    assert 'value="approve"' not in own
    assert 'value="withdraw"' in own
    assert "sendiri" in said(press(client, page, "approve"))
    client.force_login(reader)
    shown = client.get(address(page)).content.decode()
    assert "Judul lebih jelas." in shown
    assert 'value="propose"' not in shown
    assert "terbit" in said(press(client, page, "approve"))
    assert Edition.objects.get(minor=1).approved_by == reader


def test_a_reader_returns_with_a_reason_only(client, page, author, reader, now):
    propose(page, author, now)
    client.force_login(reader)
    response = press(client, page, "return", comment=" ")
    assert response.status_code == 422
    assert "Tulis apa yang" in response.content.decode()
    press(client, page, "return", comment="Perbaiki contoh.")
    client.force_login(author)
    assert "Perbaiki contoh." in client.get(address(page)).content.decode()


def test_the_page_says_that_the_pages_changed_since(client, page, author, reader, now):
    propose(page, author, now)
    rename("Materi 1.1", "Judul baru")
    client.force_login(reader)
    assert 'value="approve"' not in client.get(address(page)).content.decode()
    assert "mengajukannya lagi" in said(press(client, page, "approve"))
    assert not Edition.objects.exists()


@pytest.mark.parametrize("action", ["propose", "withdraw", "entah", ""])
def test_a_reviewer_presses_no_button_of_the_writers(client, page, author, reader, now, action):
    proposal = propose(page, author, now)
    client.force_login(reader)
    press(client, page, action, kind="minor")
    proposal.refresh_from_db()
    assert proposal.state == EditionProposal.State.WAITING
    assert EditionProposal.objects.count() == 1


@pytest.mark.parametrize("number", ["", "0", "x", "9" * 30])
def test_a_proposal_that_does_not_wait_here_is_not_decided(client, page, author, reader, now, number):
    propose(page, author, now)
    client.force_login(reader)
    response = client.post(address(page), {"action": "approve", "proposal": number}, follow=True)
    assert response.status_code == 200
    assert not Edition.objects.exists()
