"""The lists behind the figures: people, people per course, and the courses and certificates of one person."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime
from typing import Any

from django.conf import settings
from django.db.models import BigIntegerField, Case, CharField, Exists, F, OuterRef, Q, QuerySet, Subquery, Value, When
from django.db.models.expressions import RawSQL
from django.db.models.functions import Coalesce, Concat, Substr, Trim
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from academy.people import nip
from academy.people.models import Person, WorkUnit
from academy.reports import facts
from academy.reports.columns import Column, Kind
from academy.reports.completion import ABOUT_EARNED, EARNED_COLUMNS
from academy.reports.filters import Filters, State
from academy.reports.scope import Scope
from academy.reports.tables import QueryLines, Table
from certificates import ends
from certificates.models import Certificate
from courses.models import Course, Enrolment

PERSON_COLUMNS = (
    Column("nip", "NIP", width=21),
    Column("person_name", pgettext_lazy("report column", "Name"), width=32),
    Column("unit_name", pgettext_lazy("report column", "Work unit"), width=36),
    Column("department", pgettext_lazy("report column", "Department"), width=36),
    Column("agency", pgettext_lazy("report column", "Agency"), width=32),
)
PEOPLE_COLUMNS = (
    *PERSON_COLUMNS,
    Column("enrolled", pgettext_lazy("report column", "Enrolled"), Kind.INTEGER, totalled=True),
    Column("finished", pgettext_lazy("report column", "Finished"), Kind.INTEGER, totalled=True),
    Column("credit_hours", pgettext_lazy("report column", "Credit hours"), Kind.INTEGER, totalled=True),
)
EDITION_COLUMN = Column("edition", pgettext_lazy("report column", "Edition"))
PAIR_COLUMNS = (
    Column("course", pgettext_lazy("report column", "Course"), width=40),
    EDITION_COLUMN,
    Column("state", pgettext_lazy("report column", "State"), words=facts.STATE_WORDS, width=18),
    Column("score", pgettext_lazy("report column", "Score"), Kind.DECIMAL),
    Column("credit_hours", pgettext_lazy("report column", "Credit hours"), Kind.INTEGER, totalled=True),
    Column("completed_on", pgettext_lazy("report column", "Completed on"), Kind.DATE),
    Column("number", pgettext_lazy("report column", "Certificate number"), width=28),
)
# How far somebody is, behind the state; of completions alone it would say the same in every line.
PROGRESS_COLUMNS = (
    Column("percent", pgettext_lazy("report column", "Progress (%)"), Kind.INTEGER),
    Column("last_active", pgettext_lazy("report column", "Last active"), Kind.DATE),
)
ABOUT_PROGRESS = _("Progress: lessons and quizzes done. Last active: when one was done, or an attempt begun or sent.")
PROGRESS_PAIR_COLUMNS = (*PAIR_COLUMNS[:3], *PROGRESS_COLUMNS, *PAIR_COLUMNS[3:])
PARTICIPANT_COLUMNS = (*PERSON_COLUMNS, *PROGRESS_PAIR_COLUMNS)
COMPLETION_COLUMNS = (
    *PERSON_COLUMNS,
    Column("earned_unit", pgettext_lazy("report column", "Unit when earned"), width=36),
    *PAIR_COLUMNS,
)
PEOPLE = pgettext_lazy("report", "People")
# The annex of the dossier; refs of its lines are those in ANNEX_REFS.
ANNEX_COLUMNS = (
    *PERSON_COLUMNS[:3],
    PERSON_COLUMNS[4],
    Column("course", pgettext_lazy("report column", "Course"), width=36),
    Column("edition", pgettext_lazy("report column", "Edition"), width=10),
    Column("completed_on", pgettext_lazy("report column", "Completed on"), Kind.DATE, width=17),
    Column("credit_hours", pgettext_lazy("report column", "Credit hours"), Kind.INTEGER, totalled=True, width=10),
    Column("number", pgettext_lazy("report column", "Certificate number"), width=24),
    Column("address", pgettext_lazy("report column", "Check at"), width=44),
)
ANNEX_REFS = ("person", "course_key", "organiser", "signatory", "position")
ELSEWHERE = pgettext_lazy("report", "No longer in your scope")
OWN_COURSE_COLUMNS = (
    PAIR_COLUMNS[0],
    Column("year", pgettext_lazy("report column", "Year"), Kind.YEAR),
    *PROGRESS_PAIR_COLUMNS[1:],
)
CERTIFICATE_WORDS = {
    "revoked": pgettext_lazy("report", "Revoked"),
    "replaced": pgettext_lazy("report", "Replaced"),
    "valid": pgettext_lazy("report", "Valid"),
    "ending": pgettext_lazy("report", "Ends soon"),
    "ended": pgettext_lazy("report", "Expired"),
    "owed": pgettext_lazy("report", "Being issued"),
}
OWN_CERTIFICATE_COLUMNS = (
    Column("number", pgettext_lazy("report column", "Certificate number"), width=28),
    Column("course", pgettext_lazy("report column", "Course"), width=40),
    Column("issued_on", pgettext_lazy("report column", "Issued"), Kind.DATE),
    Column("valid_until", pgettext_lazy("report column", "Valid until"), Kind.DATE),
    Column("state", pgettext_lazy("report column", "State"), words=CERTIFICATE_WORDS, width=18),
)

# treebeard: four symbols a level; the second level of an agency's tree is its departments (perangkat daerah).
DEPARTMENT_PATH_LENGTH = 2 * WorkUnit.steplen


def person_sources(prefix: str = "", *, unit: str = "") -> dict[str, Any]:
    """Where the values of PERSON_COLUMNS stand; `prefix` leads to the person, `unit` to the unit if there is a shorter way."""
    unit = unit or f"{prefix}unit"
    titles_after = f"{prefix}title_after"
    return {
        "nip": f"{prefix}nip",
        "person_name": Trim(
            Concat(
                f"{prefix}title_before",
                Value(" "),
                f"{prefix}name",
                Case(When(**{titles_after: ""}, then=Value("")), default=Concat(Value(", "), F(titles_after))),
                output_field=CharField(),
            )
        ),
        "unit_name": f"{unit}__name",
        "department": Subquery(
            WorkUnit.objects.order_by()
            .filter(path=Substr(OuterRef(f"{unit}__path"), 1, DEPARTMENT_PATH_LENGTH))
            .values("name")[:1]
        ),
        "agency": f"{unit}__agency__name",
    }


def search(text: str, prefix: str = "") -> Q:
    """Every word stands in the name, or the text is a part of the NIP."""
    if not text:
        return Q()
    digits = nip.normalise(text)
    if digits.isascii() and digits.isdigit():
        return Q(**{f"{prefix}nip__contains": digits})
    condition = Q()
    for word in text.split():
        condition &= Q(**{f"{prefix}name__icontains": word})
    return condition


def hidden(sources: Mapping[str, Any], is_here: Q, instead: Mapping[str, str]) -> dict[str, Any]:
    """The same sources, which tell nothing of people who work outside the scope today, or what stands `instead` (P4)."""
    return {
        key: Case(
            When(is_here, then=F(source) if isinstance(source, str) else source),
            default=Value(instead.get(key)),
        )
        for key, source in sources.items()
    }


def here_first(is_here: Q, *fields: str) -> list[Any]:
    """An order by these fields, with the people outside the scope after all others and in no order that tells of them."""
    return [
        Case(When(is_here, then=Value(0)), default=Value(1)),
        *(Case(When(is_here, then=field)) for field in fields),
    ]


def earned(scope: Scope, filters: Filters) -> QuerySet[Enrolment]:
    """The completions of a list by the unit when earned: of the year or the month, all or those with a live certificate."""
    found = facts.earned(filters.units(scope), year=filters.year, course=filters.course)
    if filters.month:
        found = found.filter(completed_on__month=filters.month)
    return found.filter(facts.CERTIFIED) if filters.state == State.CERTIFIED else found


def who_earned(completions: QuerySet[Enrolment], is_here: Q, filters: Filters) -> QuerySet[Person]:
    """The people of these completions; a search finds those alone who may be named."""
    found: QuerySet[Person] = Person.objects.filter(Exists(completions.filter(person=OuterRef("pk"))))
    return found.filter(is_here, search(filters.search)) if filters.search else found


def people_who_earned(
    scope: Scope,
    filters: Filters,
    *,
    name: str = "pegawai",
    title: str | Promise = PEOPLE,
) -> Table:
    """Who earned completions in these units, one line a person; of people outside the scope today their figures alone."""
    is_here = facts.among(scope.units)
    chosen = earned(scope, filters)
    found = who_earned(chosen, is_here, filters)
    own = chosen.filter(person=OuterRef("pk")).order_by().values("person")
    figures = {
        key: Subquery(own.annotate(figure=figure).values("figure"))
        for key, figure in facts.TOTALS_OF_COMPLETIONS.items()
    }
    known = hidden(person_sources() | {"person": "pk"}, is_here, {"person_name": str(ELSEWHERE)})
    columns = (*PERSON_COLUMNS, *EARNED_COLUMNS)
    lines = QueryLines(
        columns,
        found.order_by(*here_first(is_here, "unit__path", "name"), "pk"),
        known | figures,
        refs=("person",),
        summed=chosen.filter(person__in=found.values("pk")) if filters.search else chosen,
        totals=facts.TOTALS_OF_COMPLETIONS,
    )
    return Table(name=name, title=title, columns=columns, lines=lines, note=ABOUT_EARNED)


def completions(scope: Scope, filters: Filters) -> Table:
    """One line per completion earned in these units; who works outside the scope today is not named."""
    is_here = facts.among(scope.units, "person__unit")
    found = earned(scope, filters)
    if filters.search:
        found = found.filter(is_here, search(filters.search, "person__"))
    personal = {key: PAIR_SOURCES[key] for key in ("score", "number", "code")} | {"person": "person_id"}
    known = hidden(person_sources("person__") | personal, is_here, {"person_name": str(ELSEWHERE)})
    sources = PAIR_SOURCES | known | {"credit_hours": "counted_hours", "earned_unit": "earned_unit__name"}
    order = here_first(is_here, "person__name", "person_id")
    lines = QueryLines(
        COMPLETION_COLUMNS,
        facts.with_certificate(found).order_by("earned_unit__path", *order, "course__code", "pk"),
        sources,
        refs=("person", "code", "course_key"),
        summed=found,
        totals={"credit_hours": facts.TOTALS_OF_COMPLETIONS["credit_hours"]},
        at_once=True,
    )
    return Table(
        name="peserta",
        title=_("Completions by course"),
        columns=COMPLETION_COLUMNS,
        lines=lines,
        note=ABOUT_EARNED,
    )


def people(scope: Scope, filters: Filters, *, today: date) -> Table:
    """People on the roster, or the inactive ones, in the furthest state they reached in the chosen courses of the year.

    Of one course the list names everybody's edition.
    """
    chosen = facts.enrolments(year=filters.year, course=filters.course)
    whom = facts.inactive if filters.inactive else facts.roster
    target = whom(filters.units(scope)).filter(search(filters.search))
    found = facts.people_in(filters.state or State.TARGET, target, chosen, today=today)
    sources = person_sources() | {
        "enrolled": facts.courses_of(chosen),
        "finished": facts.courses_of(chosen.filter(facts.FINISHED)),
        "credit_hours": facts.credit_hours_of(year=filters.year, course=filters.course),
        "person": "pk",
    }
    columns: tuple[Column, ...] = PEOPLE_COLUMNS
    if filters.course:
        columns = (*PERSON_COLUMNS, EDITION_COLUMN, *PEOPLE_COLUMNS[len(PERSON_COLUMNS) :])
        own = facts.furthest(chosen.filter(person=OuterRef("pk")), year=filters.year)
        sources["edition"] = Subquery(own.annotate(number=facts.edition_number()).values("number")[:1])
    lines = QueryLines(
        columns,
        found.order_by("unit__path", "name", "pk"),
        sources,
        refs=("person",),
        summed=facts.furthest(chosen.filter(person__in=found.values("pk")), year=filters.year),
        totals=facts.TOTALS_OF_PAIRS,
    )
    return Table(
        name="pegawai",
        title=PEOPLE,
        columns=columns,
        lines=lines,
        note=_("Enrolled and finished count courses. Credit hours: each course once a year, annulled ones not."),
    )


def participants(scope: Scope, filters: Filters, courses: Sequence[Course], *, today: date) -> Table:
    """One line per person and course."""
    units = filters.units(scope)
    state = filters.state or State.ENROLLED
    enrolments = facts.of_roster(facts.enrolments(year=filters.year, course=filters.course), units)
    pairs = facts.pairs_in(state, enrolments, year=filters.year, today=today).filter(search(filters.search, "person__"))
    is_everybody = state in {State.TARGET, State.NOT_ENROLLED}
    if is_everybody:
        found, sources = _all_pairs(units, filters, [filters.course] if filters.course else courses)
    else:
        found = facts.with_certificate(pairs).order_by("unit__path", "person__name", "person", "course__code")
        sources = person_sources("person__", unit="unit") | PROGRESS_PAIR_SOURCES | {"person": "person_id"}
    lines = QueryLines(
        PARTICIPANT_COLUMNS,
        found,
        sources,
        refs=("person", "code", "course_key"),
        summed=pairs,
        totals=facts.TOTALS_OF_PAIRS,
        at_once=not is_everybody,
    )
    return Table(
        name="peserta",
        title=_("Participants by course"),
        columns=PARTICIPANT_COLUMNS,
        lines=lines,
        note=ABOUT_PROGRESS,
    )


def finishers(scope: Scope, filters: Filters, courses: Sequence[Course], *, today: date) -> Table:
    """One line per person and course finished, or per completion earned, with the address where its certificate is checked."""
    filters = filters.with_(state=State.FINISHED, search="")
    address = Case(
        When(certificate__code__isnull=False, then=Concat(Value(f"{settings.SITE_URL}/V/"), "certificate__code")),
        default=Value(""),
        output_field=CharField(),
    )
    more: dict[str, Any] = {
        "address": address,
        "organiser": "certificate__organiser__name",
        "signatory": "certificate__facts__signatory",
        "position": "certificate__facts__signatory_position",
    }
    columns: tuple[Column, ...] = ANNEX_COLUMNS
    if filters.by_earned_unit:
        table = completions(scope, filters)
        columns = (*PERSON_COLUMNS[:3], COMPLETION_COLUMNS[len(PERSON_COLUMNS)], *ANNEX_COLUMNS[3:])
        more |= hidden({"address": address}, facts.among(scope.units, "person__unit"), {})
    else:
        table = participants(scope, filters, courses, today=today)
    if not isinstance(table.lines, QueryLines):
        raise TypeError(table.lines)
    return replace(
        table,
        name="bukti-dukung",
        title=_("Who finished which course"),
        columns=columns,
        lines=table.lines.showing(columns, more, refs=ANNEX_REFS),
    )


# Where the values of PAIR_COLUMNS stand for an enrolment that went through `facts.with_certificate`.
PAIR_SOURCES: dict[str, Any] = {
    "course": "course__title",
    "course_key": "course__key",
    "edition": facts.edition_number(),
    "state": facts.state_code(),
    "score": "score",
    "credit_hours": facts.counted_hours(),
    "completed_on": "completed_on",
    "number": "certificate__number",
    "code": "certificate__code",
}
PROGRESS_PAIR_SOURCES: dict[str, Any] = PAIR_SOURCES | {
    "percent": Coalesce("kept_progress__percent", 0),
    "last_active": "kept_progress__last_active_at",
}


def _all_pairs(
    units: QuerySet[WorkUnit], filters: Filters, courses: Sequence[Course]
) -> tuple[QuerySet[Any], dict[str, Any]]:
    """Every official of the target with every course, whether enrolled or not.

    The ORM has no cross join but `extra(tables=…)`; the course of a pair is then a column of that table.
    """
    pairs: QuerySet[Any] = (
        facts.roster(units)
        .filter(search(filters.search))
        .extra(tables=["courses_course"])
        .annotate(
            pair_course=RawSQL('"courses_course"."title"', (), output_field=CharField()),
            pair_code=RawSQL('"courses_course"."code"', (), output_field=CharField()),
            pair_course_id=RawSQL('"courses_course"."id"', (), output_field=BigIntegerField()),
        )
        .filter(pair_course_id__in=[course.pk for course in courses])
    )
    own = facts.enrolments(year=filters.year, course=None).filter(
        person=OuterRef("pk"), course=OuterRef("pair_course_id")
    )
    if filters.state == State.NOT_ENROLLED:
        pairs = pairs.filter(~Exists(own))
    furthest = facts.with_certificate(facts.furthest(own, year=filters.year))

    def of_pair(source: Any) -> Subquery:
        return Subquery(furthest.annotate(wanted=F(source) if isinstance(source, str) else source).values("wanted")[:1])

    sources = person_sources() | {key: of_pair(source) for key, source in PROGRESS_PAIR_SOURCES.items()}
    sources |= {
        "course": "pair_course",
        "state": Coalesce(sources["state"], Value(State.NOT_ENROLLED.value)),
        "person": "pk",
    }
    return pairs.order_by("unit__path", "name", "pk", "pair_code"), sources


def own_courses(person: Person) -> Table:
    """The courses of one person, one line per course and year (finished in, or else begun in), newest first."""
    pairs = facts.furthest(facts.enrolments(year=None, course=None).filter(person=person), year=None)
    found = facts.with_certificate(pairs).order_by(facts.YEAR.desc(), "course__code", "pk")
    lines = QueryLines(
        OWN_COURSE_COLUMNS,
        found,
        PROGRESS_PAIR_SOURCES | {"year": facts.YEAR},
        refs=("code", "course_key"),
        summed=pairs,
        totals=facts.TOTALS_OF_PAIRS,
    )
    return Table(
        name="pelatihan",
        title=pgettext_lazy("report", "Courses"),
        columns=OWN_COURSE_COLUMNS,
        lines=lines,
        note=ABOUT_PROGRESS,
    )


def own_certificates(person: Person, *, at: datetime) -> Table:
    """Every certificate of one person, the revoked and replaced ones too."""
    found = Certificate.objects.filter(completion__person=person).order_by("-issued_at", "-pk")
    ended, ending = ends.ended_and_ending(at=at)
    state = Case(
        When(revoked_at__isnull=False, then=Value("revoked")),
        When(superseded_at__isnull=False, then=Value("replaced")),
        When(published_at__isnull=True, then=Value("owed")),
        When(ended, then=Value("ended")),
        When(ending, then=Value("ending")),
        default=Value("valid"),
    )
    sources = {
        "number": "number",
        "code": "code",
        "issued_on": facts.issued_on("facts"),
        "valid_until": ends.LAST_DAY,
        "course": "completion__course__title",
        "state": state,
    }
    return Table(
        name="sertifikat",
        title=pgettext_lazy("report", "Certificates"),
        columns=OWN_CERTIFICATE_COLUMNS,
        lines=QueryLines(OWN_CERTIFICATE_COLUMNS, found, sources, refs=("code",)),
    )
