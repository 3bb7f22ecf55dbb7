from __future__ import annotations

from datetime import timedelta
from smtplib import SMTPServerDisconnected

import pytest
from django.core import mail
from django.core.mail.backends.locmem import EmailBackend

from academy.notifications import messages
from academy.notifications.models import Message
from academy.people.models import Person
from tests.factories import AT, PersonFactory

pytestmark = pytest.mark.django_db


class Unplugged(EmailBackend):
    """A mail server that hangs up on one address."""

    def send_messages(self, email_messages) -> int:
        if any("putus" in address for email in email_messages for address in email.to):
            raise SMTPServerDisconnected("hung up")
        return super().send_messages(email_messages)


def owe(person: Person, key: str = "k") -> Message | None:
    return messages.send_once(person, key=key, subject="Kabar", body="Isi", at=AT)


def test_an_occasion_makes_one_message():
    person = PersonFactory()
    assert owe(person) == owe(person)
    assert owe(person, key="other") is not None
    assert Message.objects.count() == 2
    assert mail.outbox == []


def test_people_without_e_mail_are_owed_nothing():
    assert owe(PersonFactory(email=None)) is None
    assert not Message.objects.exists()


def test_a_message_is_delivered_once():
    person = PersonFactory(email="maria@contoh.test")
    owe(person)
    assert messages.deliver_owed(at=AT, limit=10).sent == 1
    assert messages.deliver_owed(at=AT + timedelta(days=1), limit=10).sent == 0
    assert [(sent.to, sent.subject, sent.body) for sent in mail.outbox] == [(["maria@contoh.test"], "Kabar", "Isi")]


def test_a_message_under_lease_is_left_alone():
    owe(PersonFactory())
    Message.objects.update(lease_until=AT + timedelta(seconds=1))
    assert messages.deliver_owed(at=AT, limit=10).sent == 0
    assert messages.deliver_owed(at=AT + timedelta(seconds=1), limit=10).sent == 1


def test_a_failure_is_tried_again_later_and_delays_nobody(settings):
    settings.EMAIL_BACKEND = f"{__name__}.Unplugged"
    owe(PersonFactory(email="putus@contoh.test"))
    owe(PersonFactory(email="baik@contoh.test"))
    delivered = messages.deliver_owed(at=AT, limit=10)
    assert (delivered.sent, delivered.failed) == (1, 1)
    failed = Message.objects.get(sent_at=None)
    assert (failed.tries, failed.last_error) == (1, "SMTPServerDisconnected: hung up")
    assert not messages.owed(at=AT + timedelta(seconds=59)).exists()
    assert messages.owed(at=AT + timedelta(minutes=1)).exists()


def test_a_message_that_always_fails_is_set_aside(settings):
    settings.EMAIL_BACKEND = f"{__name__}.Unplugged"
    owe(PersonFactory(email="putus@contoh.test"))
    for day in range(20):
        messages.deliver_owed(at=AT + timedelta(days=day), limit=10)
    assert Message.objects.get().tries == messages.MOST_TRIES
    assert messages.set_aside().count() == 1


def test_a_line_break_in_a_subject_is_no_second_header(settings):
    messages.send_once(PersonFactory(), key="k", subject="Kabar\nBcc: x@contoh.test", body="Isi", at=AT)
    delivered = messages.deliver_owed(at=AT, limit=10)
    assert (delivered.failed, mail.outbox) == (1, [])
