"""Messages to people: owed by a row, delivered by the worker, each occasion once."""

from __future__ import annotations

import logging
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from smtplib import SMTPException

from django.core.mail import EmailMessage
from django.db import transaction
from django.db.models import F, Q, QuerySet

from academy import doorbell
from academy.notifications.models import Message
from academy.people.models import Person

log = logging.getLogger(__name__)

LEASE = timedelta(seconds=120)
MOST_TRIES = 12
LONGEST_PAUSE = timedelta(hours=6)


@dataclass(frozen=True)
class Delivered:
    sent: int
    failed: int


def send_once(person: Person, *, key: str, subject: str, body: str, at: datetime) -> Message | None:
    """Owe the person one message for this occasion; a repeat returns the first. None for people without e-mail.

    Call it inside the transaction of what it tells about. Nothing is sent here.
    """
    from academy.notifications.tasks import deliver_owed_messages

    if not person.email:
        return None
    message, created = Message.objects.get_or_create(
        person=person, key=key, defaults={"subject": subject, "body": body, "created_at": at}
    )
    if created:
        transaction.on_commit(lambda: doorbell.ring(deliver_owed_messages), robust=True)
    return message


def send_once_to_each(people: Iterable[Person], *, key: str, subject: str, body: str, at: datetime) -> None:
    """The same message to many, in one query: `send_once` for each of those who have an e-mail address."""
    from academy.notifications.tasks import deliver_owed_messages

    messages = [
        Message(person=person, key=key, subject=subject, body=body, created_at=at) for person in people if person.email
    ]
    if not messages:
        return
    Message.objects.bulk_create(messages, ignore_conflicts=True)
    transaction.on_commit(lambda: doorbell.ring(deliver_owed_messages), robust=True)


def owed(*, at: datetime) -> QuerySet[Message]:
    """Not sent, not set aside after too many tries, not under somebody's lease."""
    return Message.objects.filter(sent_at__isnull=True, tries__lt=MOST_TRIES).filter(
        Q(lease_until__isnull=True) | Q(lease_until__lte=at)
    )


def set_aside() -> QuerySet[Message]:
    return Message.objects.filter(sent_at__isnull=True, tries__gte=MOST_TRIES)


def deliver_owed(*, at: datetime, limit: int) -> Delivered:
    """Deliver what is owed, oldest first. What fails is tried again after a growing pause.

    A worker that dies between the mail server's yes and our note of it may send a message twice, never lose it.
    """
    sent = failed = 0
    for message in list(owed(at=at).select_related("person").order_by("tries", "created_at", "pk")[:limit]):
        if not owed(at=at).filter(pk=message.pk).update(lease_until=at + LEASE, tries=F("tries") + 1):
            continue
        try:
            _deliver(message)
        except (SMTPException, OSError, ValueError) as error:
            failed += 1
            log.warning("Message %s was not delivered: %s", message.pk, type(error).__name__)
            pause = min(timedelta(minutes=2**message.tries), LONGEST_PAUSE)
            text = f"{type(error).__name__}: {error}"[:2000]
            Message.objects.filter(pk=message.pk).update(lease_until=at + pause, last_error=text)
        else:
            sent += 1
            Message.objects.filter(pk=message.pk).update(sent_at=at, lease_until=None, last_error="")
    return Delivered(sent=sent, failed=failed)


def _deliver(message: Message) -> None:
    """One mail. ValueError when the person has no address any more."""
    if not message.person.email:
        raise ValueError("The person has no e-mail address any more")
    EmailMessage(subject=message.subject, body=message.body, to=[message.person.email]).send()
