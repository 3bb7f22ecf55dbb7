"""Every number that is stored, counted again from the facts: the rows that differ, with both values.

Each recount is one statement over all rows, so it sees one moment, whatever is written meanwhile; only rows that differ
come out of the database. Kinds that only repeat facts (`Kind.is_cache`) can be written anew, the others are facts: they are
named until somebody has looked. Figures of agencies are behind by some minutes and follow by themselves: they are compared
in another way, see rollup/checking.py.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from django.db import models
from django.db.models import Case, CharField, Count, Exists, F, Max, OuterRef, Q, Subquery, TextField, Value, When
from django.db.models.fields.json import KT
from django.db.models.functions import Cast, Coalesce
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from academy.distinct import IsDistinct
from academy.people.models import ChangeLog, Person, Placement
from academy.reports import facts
from academy.reports.models import AgencyYear
from academy.reports.rollup import checking
from certificates import issuing
from certificates.models import Certificate, NumberSeries
from courses import keeping_progress, mirrors
from courses.models import Completion, Enrolment, LearnerYear

# By then every completion has its certificate, and everybody works where they were to be placed, if workers run.
DUE = timedelta(hours=1)
FIRST_TO_BEGIN_A_DAY, LAST_TO_BEGIN_A_DAY = ZoneInfo("Asia/Jayapura"), ZoneInfo("Asia/Jakarta")


class Kind(models.TextChoices):
    """What differs. The values stand in rows and in what the command prints."""

    PERSON_UNIT = "person.unit", _("Person: work unit")
    COURSE = "enrolment.course", _("Enrolment: course")
    UNIT = "enrolment.unit", _("Enrolment: work unit")
    AGENCY = "enrolment.agency", _("Enrolment: agency")
    COMPLETED_AT = "enrolment.completed_at", _("Enrolment: moment of the completion")
    COMPLETED_ON = "enrolment.completed_on", _("Enrolment: day of the completion")
    EARNED_UNIT = "enrolment.earned_unit", _("Enrolment: unit that earned it")
    SCORE = "enrolment.score", _("Enrolment: score")
    CREDIT_HOURS = "enrolment.credit_hours", _("Enrolment: credit hours")
    COUNTED_HOURS = "enrolment.counted_hours", _("Enrolment: hours that count")
    CERTIFIED_AT = "enrolment.certified_at", _("Enrolment: certified since")
    REACHED = "enrolment.reached", _("Enrolment: state")
    PROGRESS_PERCENT = "progress.percent", _("Progress of an enrolment: percent")
    PROGRESS_AT = "progress.last_active_at", _("Progress of an enrolment: last active")
    YEAR_HOURS = "learner_year.credit_hours", _("Credit hours of a year")
    YEAR_UNIT = "learner_year.unit", _("Credit hours of a year: work unit")
    YEAR_AGENCY = "learner_year.agency", _("Credit hours of a year: agency")
    COMPLETION_PERSON = "completion.person", _("Completion: person")
    COMPLETION_COURSE = "completion.course", _("Completion: course")
    ANNULLED = "completion.annulled", _("Completion: credit annulled")
    NO_CERTIFICATE = "completion.certificate", _("Completion without a certificate")
    SEVERAL_LIVE = "certificate.live", _("Several live certificates")
    PRINTED_COURSE = "certificate.course", _("Certificate: printed course")
    PRINTED_HOURS = "certificate.credit_hours", _("Certificate: printed credit hours")
    PRINTED_DAY = "certificate.completed_on", _("Certificate: printed day")
    PRINTED_UNIT = "certificate.unit", _("Certificate: printed work unit")
    SERIES_GAP = "series.count", _("Series of numbers: gaps")
    SERIES_END = "series.last", _("Series of numbers: last number")
    AGENCY_COURSES = "agency.courses", _("Figures of an agency: sum of its courses")
    AGENCY_MONTHS = "agency.months", _("Figures of an agency: sum of its months")
    AGENCY_FACTS = "agency.facts", _("Figures of an agency: completions, certificates and credit hours")

    @property
    def is_cache(self) -> bool:
        """It repeats facts and can be written anew."""
        return self.value.startswith(("enrolment.", "progress.", "learner_year.", "agency."))


@dataclass(frozen=True)
class Difference:
    """`key` is that of the row: of an enrolment or a completion, person/year, the number of a certificate, a series, or
    agency, year and column of the figures of an agency.

    People are named by the key of their row, never by NIP or name; `run` is for finding the row on a page.
    """

    kind: Kind
    key: str
    person: int | None
    run: int | None
    stored: str
    counted: str

    def as_json(self) -> dict[str, Any]:
        return asdict(self) | {"kind": self.kind.value}


def _text(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, date):  # a moment, too
        return value.isoformat()
    return f"{value.normalize():f}" if isinstance(value, Decimal) else str(value)


def _named(rows: Any, kinds: dict[str, Kind], meant: dict[str, Any], **whose: str) -> Iterator[Difference]:
    """One difference per field of `meant` that is another in the row; `whose` are the paths of key, person and run."""
    names = list(meant)
    found = rows.annotate(**{f"meant_{name}": expression for name, expression in meant.items()}).order_by("pk")
    columns = [whose[name] for name in ("key", "person", "run")]
    fields = [column for name in names for column in (name, f"meant_{name}")]
    for key, person, run, *values in found.values_list(*columns, *fields).iterator():
        for place, name in enumerate(names):
            stored, counted = values[2 * place : 2 * place + 2]
            if stored != counted:
                yield Difference(kinds[name], str(key), person, run, _text(stored), _text(counted))


def _of_people(at: datetime) -> Iterator[Difference]:
    """Where people work, against the placement in force: at this moment or an hour ago, wherever their agency is."""

    def in_force(on: date) -> Subquery:
        begun = Placement.objects.filter(person=OuterRef("pk"), from_on__lte=on)
        return Subquery(begun.order_by("-from_on").values("unit")[:1])

    meant = in_force(timezone.localdate(at, FIRST_TO_BEGIN_A_DAY))
    before = in_force(timezone.localdate(at - DUE, LAST_TO_BEGIN_A_DAY))
    rows = Person.objects.filter(IsDistinct(F("unit"), meant), IsDistinct(F("unit"), before)).order_by("pk")
    for key, stored, counted in rows.annotate(meant=meant).values_list("pk", "unit", "meant").iterator():
        yield Difference(Kind.PERSON_UNIT, str(key), key, None, _text(stored), _text(counted))


def _of_enrolments(_at: datetime) -> Iterator[Difference]:
    """Against completions, runs, people and published certificates."""
    reached = Case(
        When(certificate__published_at__isnull=False, then=Value(int(Enrolment.Reached.CERTIFIED))),
        When(completion__isnull=False, then=Value(int(Enrolment.Reached.FINISHED))),
        When(started_at__isnull=False, then=Value(int(Enrolment.Reached.BEGUN))),
        default=Value(int(Enrolment.Reached.ENROLLED)),
    )
    meant = mirrors.of_enrolment() | {"certified_at": F("certificate__published_at"), "reached": reached}
    rows = facts.with_certificate(Enrolment.objects.all()).filter(mirrors.differs(meant))
    kinds = {name: Kind(f"enrolment.{name}") for name in meant}
    yield from _named(rows, kinds, meant, key="pk", person="person_id", run="run_id")


def _of_progress(_at: datetime) -> Iterator[Difference]:
    """Against the activities done and the attempts; a row is missing where nothing is stored."""
    meant = keeping_progress.meant()
    stored = {name: F(f"kept_progress__{name}") for name in meant}
    rows = Enrolment.objects.annotate(**stored).filter(mirrors.differs(meant))
    kinds = {name: Kind(f"progress.{name}") for name in meant}
    yield from _named(rows, kinds, meant, key="pk", person="person_id", run="run_id")


def _of_years(_at: datetime) -> Iterator[Difference]:
    """Against completions, and where people work."""
    for wrong in mirrors.wrong_hours():
        key = f"{wrong.person}/{wrong.year}"
        yield Difference(Kind.YEAR_HOURS, key, wrong.person, None, _text(wrong.stored), _text(wrong.counted))
    elsewhere = mirrors.years_elsewhere().order_by("pk")
    sides = [side for pair in mirrors.OF_YEAR.items() for side in pair]
    for person, year, unit, meant_unit, agency, meant_agency in elsewhere.values_list(
        "person_id", "year", *sides
    ).iterator():
        key = f"{person}/{year}"
        if unit != meant_unit:
            yield Difference(Kind.YEAR_UNIT, key, person, None, _text(unit), _text(meant_unit))
        if agency != meant_agency:
            yield Difference(Kind.YEAR_AGENCY, key, person, None, _text(agency), _text(meant_agency))


def _of_completions(_at: datetime) -> Iterator[Difference]:
    """Against their enrolments."""
    meant: dict[str, Any] = {"person": F("enrolment__person"), "course": F("enrolment__run__course")}
    rows = Completion.objects.filter(mirrors.differs(meant))
    kinds = {name: Kind(f"completion.{name}") for name in meant}
    yield from _named(rows, kinds, meant, key="pk", person="person_id", run="enrolment__run_id")


def _of_annulments(_at: datetime) -> Iterator[Difference]:
    """Credit is annulled if, and only if, a certificate was revoked together with it."""
    annulling = Certificate.objects.filter(completion=OuterRef("pk"), revoked_at__isnull=False, annuls_credit=True)
    rows = Completion.objects.filter(
        Q(Exists(annulling), credit_annulled_at__isnull=True) | Q(~Exists(annulling), credit_annulled_at__isnull=False)
    ).order_by("pk")
    for key, person, run, at in rows.values_list(
        "pk", "person_id", "enrolment__run_id", "credit_annulled_at"
    ).iterator():
        stored, counted = (_text(at), "") if at else ("", "annulled")
        yield Difference(Kind.ANNULLED, str(key), person, run, stored, counted)


def _owed(at: datetime) -> Iterator[Difference]:
    """Completions that should have a certificate by now, and have none of any state."""
    owed = issuing.completions_without_certificate().filter(completed_at__lt=at - DUE).order_by("pk")
    for key, person, run, moment in owed.values_list("pk", "person_id", "enrolment__run_id", "completed_at").iterator():
        yield Difference(Kind.NO_CERTIFICATE, str(key), person, run, "", _text(moment))


def _several_live(_at: datetime) -> Iterator[Difference]:
    several = Certificate.objects.live().values("completion").annotate(count=Count("pk")).filter(count__gt=1)
    whose = ("completion", "completion__person_id", "completion__enrolment__run_id", "count")
    for key, person, run, count in several.order_by("completion").values_list(*whose).iterator():
        yield Difference(Kind.SEVERAL_LIVE, str(key), person, run, str(count), "1")


def _of_prints(_at: datetime) -> Iterator[Difference]:
    """The facts that a certificate froze, against its completion. A unit may have been renamed since: that is known."""
    unit = Case(
        When(completion__unit__isnull=True, then=Value("")),
        When(completion__unit__depth=1, then=Value("")),  # the agency itself, which is printed anyway
        default=F("completion__unit__name"),
        output_field=CharField(),
    )
    renamed = ChangeLog.objects.filter(
        action=ChangeLog.Action.UNIT_RENAMED, unit=OuterRef("completion__unit")
    ).annotate(before=KT("detail__before"))
    meant = {
        "course": F("completion__edition__title"),
        "credit_hours": Cast("completion__credit_hours", TextField()),
        "completed_on": Cast("completion__completed_on", TextField()),
        "unit": unit,
    }
    printed = {f"printed_{name}": KT(f"facts__{name}") for name in meant}
    other = {name: Q(IsDistinct(F(f"printed_{name}"), expression)) for name, expression in meant.items()}
    other["unit"] &= Q(~Exists(renamed.filter(before=OuterRef("printed_unit"))))
    rows = Certificate.objects.annotate(**printed).filter(
        other["course"] | other["credit_hours"] | other["completed_on"] | other["unit"]
    )
    excused = rows.annotate(is_renamed=Exists(renamed.filter(before=OuterRef("printed_unit")))).order_by("pk")
    named = excused.annotate(**{f"meant_{name}": expression for name, expression in meant.items()})
    columns = [column for name in meant for column in (f"printed_{name}", f"meant_{name}")]
    whose = ("number", "completion__person_id", "completion__enrolment__run_id", "is_renamed")
    for number, person, run, is_renamed, *values in named.values_list(*whose, *columns).iterator():
        for place, name in enumerate(meant):
            stored, counted = map(_text, values[2 * place : 2 * place + 2])  # a number in JSON is one on SQLite
            if stored != counted and not (name == "unit" and is_renamed):
                yield Difference(Kind(f"certificate.{name}"), number, person, run, stored, counted)


def _of_series(_at: datetime) -> Iterator[Difference]:
    """Numbers run from 1 without gaps, up to the last one that was given out."""
    series = NumberSeries.objects.filter(organiser=OuterRef("organiser"), year=OuterRef("year"))
    used = Certificate.objects.values("organiser", "year").annotate(
        count=Count("pk"), newest=Max("sequence"), last=Coalesce(Subquery(series.values("last")[:1]), 0)
    )
    whose = ("organiser__code", "year", "count", "newest", "last")
    for code, year, count, newest, last in used.order_by("organiser", "year").values_list(*whose).iterator():
        if count != newest:
            yield Difference(Kind.SERIES_GAP, f"{code} {year}", None, None, str(count), str(newest))
        if last != newest:
            yield Difference(Kind.SERIES_END, f"{code} {year}", None, None, str(last), str(newest))
    written = Certificate.objects.filter(organiser=OuterRef("organiser"), year=OuterRef("year"))
    unused = NumberSeries.objects.filter(~Exists(written), last__gt=0).order_by("organiser", "year")
    for code, year, last in unused.values_list("organiser__code", "year", "last").iterator():
        yield Difference(Kind.SERIES_END, f"{code} {year}", None, None, str(last), "0")


def _of_agencies(at: datetime) -> Iterator[Difference]:
    """The figures counted beforehand, against each other and the facts; they are counted anew here."""
    for wrong in [*checking.recount_unlike_parts(at=at), *checking.recount_unlike_facts(at=at)]:
        key = f"{wrong.agency} {wrong.year} {wrong.column}"
        yield Difference(Kind(f"agency.{wrong.by}"), key, None, None, _text(wrong.stored), _text(wrong.counted))


Recount = Callable[[datetime], Iterator[Difference]]
OF_CACHES: tuple[Recount, ...] = (_of_enrolments, _of_progress, _of_years, _of_agencies)
RECOUNTS: tuple[Recount, ...] = (
    *OF_CACHES,
    *(_of_people, _of_completions, _of_annulments, _owed, _several_live, _of_prints, _of_series),
)


def sizes() -> dict[str, int]:
    """How many rows there are to look at."""
    kinds: dict[str, type[models.Model]] = {
        "enrolments": Enrolment,
        "completions": Completion,
        "years": LearnerYear,
        "certificates": Certificate,
        "agencies": AgencyYear,
    }
    return {name: model._default_manager.count() for name, model in kinds.items()}
