"""Telling holders that a certificate ends soon: some days before, each step once.

Rows are the queue: who is owed a reminder is found by a query, so a lost message or a day without workers only delays
it. Who missed a step gets the nearest one, not all of them.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import CharField, Exists, OuterRef, Q, QuerySet, Value
from django.db.models.functions import Cast, Concat
from django.utils import translation
from django.utils.translation import gettext as _

from academy.notifications.messages import send_once
from academy.notifications.models import Message
from academy.pages.templatetags.formats import day
from certificates.ends import LAST_DAY, last_day, on_each_day, todays
from certificates.models import Certificate
from courses.models import Completion
from courses.validity import RENEWED_BEFORE

STEPS = (RENEWED_BEFORE.days, 30, 7)  # days before the end, the first of them when renewing begins
QUIET = timedelta(days=14)  # after completion nobody is reminded, however short the certificate holds
KEY = "certificate-ends:"


@transaction.atomic
def remind(*, at: datetime, limit: int) -> int:
    """Owe at most so many reminders, the most pressing first; how many were new.

    The rows are held meanwhile: of two workers each tells others, and what is being revoked is not told to end.
    """
    told, today = 0, todays(at=at)
    for step in reversed(STEPS):
        rows = owed(step, today).select_related("completion__person", "organiser").order_by(LAST_DAY, "pk")
        for certificate in rows.select_for_update(of=("self",), skip_locked=True)[: limit - told]:
            _tell(certificate, step, at=at)
            told += 1
    return told


def owed(step: int, today: Mapping[str, date]) -> QuerySet[Certificate]:
    """Those in force whose holders are owed this step. A renewed one is not missed: the newer one holds longer.

    Neither this step nor a nearer one was told: a clock that ran ahead has said the day already.
    """
    nearer = [one for one in STEPS if one < step]

    def window(on: date) -> Q:
        first = on + timedelta(days=max(nearer) + 1) if nearer else on
        ends_within = Q(**{f"{LAST_DAY}__range": (first, on + timedelta(days=step))})
        return ends_within & Q(completion__completed_on__lte=on - QUIET)

    newer = Certificate.objects.live().filter(
        Q(**{f"{LAST_DAY}__gt": OuterRef(LAST_DAY)}) | Q(**{f"{LAST_DAY}__isnull": True}),
        completion__person=OuterRef("completion__person"),
        completion__course=OuterRef("completion__course"),
        completion__outcome=Completion.Outcome.PASSED,
        completion__completed_at__gt=OuterRef("completion__completed_at"),
    )
    rows = Certificate.objects.live().published().filter(on_each_day(window, today), ~Exists(newer))
    rows = rows.filter(completion__person__is_active=True, completion__person__email__gt="")
    for one in (step, *nearer):
        key = Concat(Value(KEY), Cast(OuterRef("completion"), CharField()), Value(f":{one}"))
        rows = rows.exclude(Exists(Message.objects.filter(person=OuterRef("completion__person"), key=key)))
    return rows


def _tell(certificate: Certificate, step: int, *, at: datetime) -> None:
    """The key names the completion: a certificate that was replaced meanwhile ends on the same day."""
    person = certificate.completion.person
    with translation.override(settings.LANGUAGE_CODE):
        ends_on = day(last_day(certificate))
        send_once(
            person,
            key=f"{KEY}{certificate.completion_id}:{step}",
            subject=_("A certificate of yours ends on %(day)s") % {"day": ends_on},
            body=_(
                "Hello %(name)s,\n\nyour certificate number %(number)s for “%(course)s” is valid until %(day)s.\n\n"
                "To renew it, take the course again. Choose “Renew” beside it: %(mine)s\n"
            )
            % {
                "name": person.full_name,
                "number": certificate.number,
                "course": certificate.facts["course"],
                "day": ends_on,
                "mine": f"{settings.SITE_URL}/sertifikat/",
            },
            at=at,
        )
