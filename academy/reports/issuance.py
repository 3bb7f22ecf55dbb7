"""The certificates behind the completions of a year: issued, being issued, expired, revoked, replaced.

Each completion has one line per certificate, and one line while none was issued.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.db.models import Case, Count, QuerySet, Value, When
from django.db.models.expressions import Expression
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from academy.reports import facts
from academy.reports.columns import Column, Kind
from academy.reports.completion import COURSE_COLUMN
from academy.reports.filters import Filters, State
from academy.reports.people import ELSEWHERE, PERSON_COLUMNS, here_first, hidden, person_sources, search
from academy.reports.scope import Scope
from academy.reports.tables import MadeLines, QueryLines, Table
from certificates import ends
from courses.models import Course, Enrolment

WORDS = {
    State.VALID.value: pgettext_lazy("report", "Valid"),
    State.EXPIRED.value: pgettext_lazy("report", "Expired"),
    State.OWED.value: pgettext_lazy("report", "Being issued"),
    State.REVOKED.value: pgettext_lazy("report", "Revoked"),
    State.REPLACED.value: pgettext_lazy("report", "Replaced"),
}
STATES = (State.ANY, State.VALID, State.OWED, State.EXPIRED, State.REVOKED, State.REPLACED)
CERTIFICATE_COLUMNS = (
    *PERSON_COLUMNS,
    Column("course", pgettext_lazy("report column", "Course"), width=40),
    Column("completed_on", pgettext_lazy("report column", "Completed on"), Kind.DATE),
    Column("number", pgettext_lazy("report column", "Certificate number"), width=28),
    Column("issued_on", pgettext_lazy("report column", "Issued"), Kind.DATE),
    Column("state", pgettext_lazy("report column", "State"), words=WORDS, width=18),
)
COURSE_CERTIFICATE_COLUMNS = (
    COURSE_COLUMN,
    Column("completions", pgettext_lazy("report column", "Completions"), Kind.INTEGER, totalled=True),
    Column("valid", pgettext_lazy("report column", "Valid"), Kind.INTEGER, totalled=True),
    Column("owed", pgettext_lazy("report column", "Being issued"), Kind.INTEGER, totalled=True),
    Column("expired", pgettext_lazy("report column", "Expired"), Kind.INTEGER, totalled=True),
    Column("revoked", pgettext_lazy("report column", "Revoked"), Kind.INTEGER, totalled=True),
    Column("replaced", pgettext_lazy("report column", "Replaced"), Kind.INTEGER, totalled=True),
)
STATE_OF_COLUMN = {
    "valid": State.VALID,
    "owed": State.OWED,
    "expired": State.EXPIRED,
    "revoked": State.REVOKED,
    "replaced": State.REPLACED,
}
ABOUT = _(
    "Certificates of the courses that were finished in this year. A replaced certificate stands beside the one that replaces it."
)


def _completions(scope: Scope, filters: Filters) -> QuerySet[Enrolment]:
    units = filters.units(scope)
    if filters.by_earned_unit:
        return facts.earned(units, year=filters.year, course=filters.course)
    finished = facts.enrolments(year=filters.year, course=filters.course).filter(completed_on__isnull=False)
    return facts.of_roster(finished, units)


def _state(*, at: datetime) -> Expression:
    """Of the certificate that a line is about, or of the completion that has none yet."""
    of = "completion__certificates"
    return Case(
        When(**{f"{of}__revoked_at__isnull": False}, then=Value(State.REVOKED.value)),
        When(**{f"{of}__superseded_at__isnull": False}, then=Value(State.REPLACED.value)),
        When(**{f"{of}__published_at__isnull": True}, then=Value(State.OWED.value)),
        When(ends.ended(of, "completion__valid_until", at=at), then=Value(State.EXPIRED.value)),
        default=Value(State.VALID.value),
    )


def certificates(scope: Scope, filters: Filters, *, at: datetime) -> Table:
    """One line per certificate; who works outside the scope today is not named."""
    state = _state(at=at)
    found: QuerySet[Any] = _completions(scope, filters).alias(certificate_state=state)
    if filters.state in STATE_OF_COLUMN.values():
        found = found.filter(certificate_state=filters.state)
    is_here = facts.among(scope.units, "person__unit")
    if filters.search:
        found = found.filter(is_here, search(filters.search, "person__"))
    personal = {"number": "completion__certificates__number", "code": "completion__certificates__code"}
    known = person_sources("person__") | personal | {"person": "person_id"}
    order: list[Any] = ["unit__path", "person__name", "person"]
    if filters.by_earned_unit:
        known = hidden(known, is_here, {"person_name": str(ELSEWHERE)})
        order = ["earned_unit__path", *here_first(is_here, "person__name", "person_id")]
    sources = known | {
        "course": "course__title",
        "completed_on": "completed_on",
        "issued_on": facts.issued_on("completion__certificates__facts"),
        "state": state,
    }
    return Table(
        name="sertifikat",
        title=_("Certificates"),
        columns=CERTIFICATE_COLUMNS,
        lines=QueryLines(
            CERTIFICATE_COLUMNS,
            found.order_by(*order, "course__code", "pk", "completion__certificates__revision"),
            sources,
            refs=("person", "code"),
        ),
        note=ABOUT,
    )


def by_course(scope: Scope, filters: Filters, courses: Sequence[Course], *, at: datetime) -> Table:
    """How many certificates of each course are in which state."""
    counted = (
        _completions(scope, filters)
        .order_by()
        .annotate(certificate_state=_state(at=at))
        .values_list("course", "certificate_state")
        .annotate(lines=Count("completion"))
    )
    words = {state.value: key for key, state in STATE_OF_COLUMN.items()}
    per_course: dict[int, dict[str, int]] = {}
    for course, state, lines in counted:
        per_course.setdefault(course, {})[words[state]] = lines
    finished = dict(_completions(scope, filters).order_by().values_list("course").annotate(count=Count("person")))
    rows = [
        {"course": course.title, "course_ref": course, "completions": finished.get(course.pk, 0)}
        | {key: per_course.get(course.pk, {}).get(key, 0) for key in words.values()}
        for course in ([filters.course] if filters.course else courses)
    ]
    return Table(
        name="sertifikat-pelatihan",
        title=_("Certificates by course"),
        columns=COURSE_CERTIFICATE_COLUMNS,
        lines=MadeLines(COURSE_CERTIFICATE_COLUMNS, rows, refs=("course_ref",)),
        note=ABOUT,
    )
