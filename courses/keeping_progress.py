"""How far somebody is in an enrolment, kept in a row for lists: written with the fact, and worked out again by `recount`.

Whoever writes holds the lock of the enrolment. All activities of an edition are required. A minor edition takes learners
along and has the activities of the one before, so it changes no percentage.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import connection
from django.db.models import Case, Count, Exists, IntegerField, Max, OuterRef, Q, QuerySet, Subquery, When
from django.db.models.functions import Coalesce, Greatest

from courses.models import ActivityProgress, Attempt, EditionActivity, Enrolment, EnrolmentProgress
from courses.outline import Outline

_KEEP = """
    INSERT INTO courses_enrolmentprogress (enrolment_id, percent, last_active_at) VALUES (%s, %s, %s)
    ON CONFLICT (enrolment_id) DO UPDATE SET percent = EXCLUDED.percent, last_active_at = CASE
        WHEN courses_enrolmentprogress.last_active_at > EXCLUDED.last_active_at
        THEN courses_enrolmentprogress.last_active_at ELSE EXCLUDED.last_active_at END
"""


def percent_of(outline: Outline, done: Collection[UUID]) -> int:
    """The activities of the edition that are done, in whole percent: 100 only when nothing is missing."""
    activities = outline.activities
    return 100 * sum(one.activity in done for one in activities) // len(activities) if activities else 0


def keep(enrolment: Enrolment, outline: Outline, done: Collection[UUID], *, at: datetime) -> None:
    """An activity was done, or an attempt begun; a repeat writes the same."""
    with connection.cursor() as cursor:
        moment = connection.ops.adapt_datetimefield_value(at)
        cursor.execute(_KEEP, [enrolment.pk, percent_of(outline, done), moment])


def keep_moment(enrolment: Enrolment, *, at: datetime) -> None:
    """An attempt was sent, and changed nothing else; a repeat writes nothing."""
    EnrolmentProgress.objects.filter(enrolment=enrolment, last_active_at__lt=at).update(last_active_at=at)


def meant() -> dict[str, Any]:
    """What the row of an enrolment should say, as expressions of a query over enrolments; nothing where none should be."""
    in_edition = EditionActivity.objects.filter(edition=OuterRef(OuterRef("edition")), activity=OuterRef("activity"))
    activities = EditionActivity.objects.filter(edition=OuterRef("edition")).order_by().values("edition")
    own = ActivityProgress.objects.filter(enrolment=OuterRef("pk")).order_by().values("enrolment")
    done = own.filter(Exists(in_edition)).annotate(count=Count("pk")).values("count")
    done_at = Subquery(own.annotate(at=Max("done_at")).values("at"))
    attempts = Attempt.objects.filter(enrolment=OuterRef("pk")).order_by().values("enrolment")
    tried_at = Subquery(attempts.annotate(at=Max(Coalesce("submitted_at", "started_at"))).values("at"))
    last = Greatest(Coalesce(done_at, tried_at), Coalesce(tried_at, done_at))
    total = Subquery(activities.annotate(count=Count("pk")).values("count"))
    percent = 100 * Coalesce(Subquery(done), 0) / total
    began = Q(Exists(own)) | Q(Exists(attempts))
    return {
        "percent": Case(When(began, then=Coalesce(percent, 0)), output_field=IntegerField(null=True)),
        "last_active_at": last,
    }


def needless() -> QuerySet[EnrolmentProgress]:
    """Rows of enrolments in which nothing was done."""
    done = ActivityProgress.objects.filter(enrolment=OuterRef("pk"))
    return EnrolmentProgress.objects.filter(~Exists(done), ~Exists(Attempt.objects.filter(enrolment=OuterRef("pk"))))


def recount(enrolments: QuerySet[Enrolment]) -> None:
    """Write the rows of these enrolments, which the caller locked, by the facts: one statement, however many there are."""
    said = {f"meant_{name}": expression for name, expression in meant().items()}
    rows: QuerySet[Any] = enrolments.order_by().annotate(**said)
    written = rows.filter(meant_percent__isnull=False).values_list("pk", *said)
    sql, params = written.query.get_compiler(enrolments.db).as_sql()
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO courses_enrolmentprogress (enrolment_id, percent, last_active_at) {sql}"
            " ON CONFLICT (enrolment_id) DO UPDATE"
            " SET percent = EXCLUDED.percent, last_active_at = EXCLUDED.last_active_at"
            " WHERE courses_enrolmentprogress.percent <> EXCLUDED.percent"
            " OR courses_enrolmentprogress.last_active_at <> EXCLUDED.last_active_at",
            params,
        )
