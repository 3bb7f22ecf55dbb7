"""Credit hours (JP) of a year: who still lacks some of the duty, and how the units stand.

A PNS is to gather 20 a year; a PPPK is given at most 24 a year of the agreement, which is shown and stops nobody. Sources
stand beside the numbers in courses/credit_hours.py and in docs/rules.md, "Annual credit hours".
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

from django.db.models import Case, Count, Exists, IntegerField, OuterRef, Q, QuerySet, Sum, Value, When
from django.db.models.functions import Coalesce, Greatest, Least
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from academy.people.models import Person, WorkUnit
from academy.reports import facts
from academy.reports.columns import Column, Kind
from academy.reports.completion import ABOUT_EARNED, EARNED_COLUMNS, UNIT_COLUMN, unit_rows, unit_sums
from academy.reports.filters import Filters, State
from academy.reports.people import PERSON_COLUMNS, people_who_earned, person_sources, search
from academy.reports.scope import Scope, Unit
from academy.reports.tables import LinesByUnit, MadeLines, QueryLines, Table
from courses.credit_hours import PNS_CREDIT_HOURS_A_YEAR, PPPK_CREDIT_HOURS_A_YEAR
from courses.models import LearnerYear

PNS, PPPK = Person.Kind.PNS, Person.Kind.PPPK
KINDS = list(Person.Kind)
KIND_COLUMN = Column("kind", pgettext_lazy("report column", "Kind"), words=dict(Person.Kind.choices))
PERSON_HOUR_COLUMNS = (
    *PERSON_COLUMNS,
    KIND_COLUMN,
    Column("credit_hours", pgettext_lazy("report column", "Credit hours"), Kind.INTEGER, totalled=True),
    Column("duty", pgettext_lazy("report column", "Duty"), Kind.INTEGER, totalled=True),
    Column("lacking", pgettext_lazy("report column", "Lacking"), Kind.INTEGER, totalled=True),
    Column("ceiling", pgettext_lazy("report column", "Ceiling"), Kind.INTEGER),
)
UNIT_HOUR_COLUMNS = (
    UNIT_COLUMN,
    Column("target", pgettext_lazy("report column", "Target"), Kind.INTEGER, totalled=True),
    Column("credit_hours", pgettext_lazy("report column", "Credit hours"), Kind.INTEGER, totalled=True),
    Column("pns", pgettext_lazy("report column", "PNS"), Kind.INTEGER, totalled=True),
    Column("met", pgettext_lazy("report column", "Duty met"), Kind.INTEGER, totalled=True),
    Column("short", pgettext_lazy("report column", "Duty not met"), Kind.INTEGER, totalled=True),
    Column("lacking", pgettext_lazy("report column", "Lacking"), Kind.INTEGER, totalled=True),
    Column("above", pgettext_lazy("report column", "PPPK above the ceiling"), Kind.INTEGER, totalled=True),
    Column("share", pgettext_lazy("report column", "Duty met of PNS (%)"), Kind.PERCENT, share=("met", "pns")),
)
STATES = (State.TARGET, State.HOURS_DUTY, State.HOURS_SHORT, State.HOURS_MET, State.HOURS_ABOVE)
STATE_OF_COLUMN = {
    "target": State.TARGET,
    "pns": State.HOURS_DUTY,
    "met": State.HOURS_MET,
    "short": State.HOURS_SHORT,
    "above": State.HOURS_ABOVE,
}
# The list behind each number: of so many people, or with that sum.
LIST_OF_COLUMN = STATE_OF_COLUMN | {"credit_hours": State.TARGET, "lacking": State.HOURS_SHORT}
ABOUT = _(
    "Credit hours of the year, each course once, annulled ones not. A PNS is to gather %(duty)d a year; of a PPPK %(ceiling)d is the most a year of the agreement counts, shown for your information."
)


def _about() -> str:
    return str(ABOUT) % {"duty": PNS_CREDIT_HOURS_A_YEAR, "ceiling": PPPK_CREDIT_HOURS_A_YEAR}


def by_person(scope: Scope, filters: Filters) -> Table:
    """Everybody on the roster, or who has the duty, lacks hours, met the duty, or is above the ceiling."""
    if filters.by_earned_unit:
        return people_who_earned(scope, filters, name="jp", title=_("Credit hours by person"))

    def of_units(units: facts.Units) -> QuerySet[Person]:
        return facts.roster(units).filter(_in(filters.state, units, year=filters.year))

    found = of_units(filters.units(scope)).filter(search(filters.search))
    hours = facts.credit_hours_of(year=filters.year, course=None)
    lacking = Case(When(kind=PNS, then=Greatest(PNS_CREDIT_HOURS_A_YEAR - hours, 0)), default=Value(0))
    sources = person_sources() | {
        "kind": "kind",
        "credit_hours": hours,
        "duty": DUTY,
        "lacking": lacking,
        "ceiling": CEILING,
        "person": "pk",
    }
    about_lines: dict[str, Any] = {
        "refs": ("person",),
        "summed": found,
        "totals": {"credit_hours": Sum(hours), "duty": Sum(DUTY), "lacking": Sum(lacking)},
    }
    ordered = found.order_by("unit__path", "name", "pk")
    lines: QueryLines
    if filters.search:
        lines = QueryLines(PERSON_HOUR_COLUMNS, ordered, sources, **about_lines)
    else:
        lines = LinesByUnit(
            PERSON_HOUR_COLUMNS,
            ordered,
            sources,
            per_unit=lambda: _people_per_unit(filters, scope),
            of_units=of_units,
            **about_lines,
        )
    return Table(name="jp", title=_("Credit hours by person"), columns=PERSON_HOUR_COLUMNS, lines=lines, note=_about())


DUTY = Case(When(kind=PNS, then=Value(PNS_CREDIT_HOURS_A_YEAR)), output_field=IntegerField())
CEILING = Case(When(kind=PPPK, then=Value(PPPK_CREDIT_HOURS_A_YEAR)), output_field=IntegerField())


def _in(state: State | None, units: facts.Units, *, year: int) -> Q:
    """Of people in these units. Given by their keys they are few, and their people with hours a set to be looked into."""

    def earned(**hours: int) -> Q:
        rows = LearnerYear.objects.filter(year=year, **hours)
        if isinstance(units, QuerySet):
            return Q(Exists(rows.filter(person=OuterRef("pk"))))
        return Q(pk__in=rows.filter(facts.among(units)).values("person"))

    met = earned(credit_hours__gte=PNS_CREDIT_HOURS_A_YEAR)
    match state:
        case State.HOURS_DUTY:
            return Q(kind=PNS)
        case State.HOURS_SHORT:
            return Q(kind=PNS) & ~met
        case State.HOURS_MET:
            return Q(kind=PNS) & met
        case State.HOURS_ABOVE:
            return Q(kind=PPPK) & earned(credit_hours__gt=PPPK_CREDIT_HOURS_A_YEAR)
        case _:
            return Q()


def _people_per_unit(filters: Filters, scope: Scope) -> list[tuple[int, int, dict[str, int]]]:
    """The units with somebody in the list, in the order of the tree: how many, and the sums of their lines."""
    state = filters.state or State.TARGET
    figure = {state: key for key, state in STATE_OF_COLUMN.items()}[state]
    paths, found = _hours_of_units(filters.units(scope), year=filters.year)
    per_unit = sorted((path, unit, found[path]) for unit, path in paths.items())
    return [(unit, figures[figure], _sums_of(state, figures)) for _path, unit, figures in per_unit if figures[figure]]


def _sums_of(state: State, figures: dict[str, int]) -> dict[str, int]:
    """Of the people of a unit in this list; whoever is short has the duty less what is lacking."""
    duty = PNS_CREDIT_HOURS_A_YEAR
    hours_of_short = duty * figures["short"] - figures["lacking"]
    match state:
        case State.HOURS_DUTY:
            sums = (figures["pns_hours"], duty * figures["pns"], figures["lacking"])
        case State.HOURS_SHORT:
            sums = (hours_of_short, duty * figures["short"], figures["lacking"])
        case State.HOURS_MET:
            sums = (figures["pns_hours"] - hours_of_short, duty * figures["met"], 0)
        case State.HOURS_ABOVE:
            sums = (figures["above_hours"], 0, 0)
        case _:
            sums = (figures["credit_hours"], duty * figures["pns"], figures["lacking"])
    return dict(zip(("credit_hours", "duty", "lacking"), sums, strict=True))


def by_unit(scope: Scope, filters: Filters, below: Sequence[Unit]) -> Table:
    """How many of each unit met the duty; or, by the unit when earned, what was earned there."""
    units, shown = filters.units(scope), unit_rows(scope, filters, below)
    columns: tuple[Column, ...] = UNIT_HOUR_COLUMNS
    found: dict[str, dict[str, int]]
    if filters.by_earned_unit:
        columns = (UNIT_COLUMN, *EARNED_COLUMNS)
        earned = facts.earned_by(units, "earned_unit__path", year=filters.year, course=None)
        found = {
            path: {column.key: getattr(figures, column.key) for column in EARNED_COLUMNS} for (path,), figures in earned
        }
    else:
        _paths, found = _hours_of_units(units, year=filters.year)
    keys = [column.key for column in columns[1:] if not column.share]
    rows = unit_sums(shown, found, keys)
    return Table(
        name="jp-unit",
        title=_("Credit hours by work unit"),
        columns=columns,
        lines=MadeLines(columns, rows, refs=("unit", "direct")),
        note=ABOUT_EARNED if filters.by_earned_unit else _about(),
    )


def _hours_of_units(units: QuerySet[WorkUnit], *, year: int) -> tuple[dict[int, str], dict[str, dict[str, int]]]:
    """The path of each unit with somebody in it, and per path the figures of UNIT_HOUR_COLUMNS, without those below."""
    of_kinds = {f"of_{kind}": Count("pk", filter=Q(kind=kind)) for kind in KINDS}
    people = [
        (unit, path, dict(zip(KINDS, counts, strict=True)))
        for unit, path, *counts in facts.of_each_unit(facts.roster(units), **of_kinds)
    ]
    sums = _sums_of_kinds(units, {kind for _unit, _path, counts in people for kind in KINDS if counts[kind]}, year=year)
    paths: dict[int, str] = {}
    found: dict[str, dict[str, int]] = {}
    for unit, path, counts in people:
        paths[unit], pns = path, counts[PNS]
        of_kind = {kind: sums.get((unit, kind), [0] * 5) for kind in KINDS}
        pns_hours, towards_duty, met, _above, _above_hours = of_kind[PNS]
        above, above_hours = of_kind[PPPK][3:]
        found[path] = {
            "target": sum(counts.values()),
            "credit_hours": sum(figures[0] for figures in of_kind.values()),
            "pns": pns,
            "met": met,
            "short": pns - met,
            "lacking": pns * PNS_CREDIT_HOURS_A_YEAR - towards_duty,
            "above": above,
            "pns_hours": pns_hours,
            "above_hours": above_hours,
        }
    return paths, found


def _sums_of_kinds(
    units: QuerySet[WorkUnit], kinds: Collection[str], *, year: int
) -> dict[tuple[int, Person.Kind], list[int]]:
    """By unit and kind: hours, those towards the duty, who met it, who is above the ceiling, and the hours of these.

    `kinds` are those that somebody is of. Most are PNS and active: to leave the others out as sets is quicker than to join
    everybody.
    """
    staff = Person.objects.filter(facts.among(units))
    place_of_kind = Case(  # a number sorts quicker than a word
        *(
            When(person__in=staff.filter(kind=kind).values("pk"), then=Value(place))
            for place, kind in enumerate(KINDS)
            if kind != PNS and kind in kinds
        ),
        default=Value(KINDS.index(PNS)),
    )
    above_ceiling = Q(credit_hours__gt=PPPK_CREDIT_HOURS_A_YEAR)
    earned = (
        LearnerYear.objects.filter(facts.among(units), year=year)
        .exclude(person__in=facts.inactive(units).values("pk"))
        .order_by()
        .annotate(place_of_kind=place_of_kind)
        .values_list("unit", "place_of_kind")
        .annotate(  # counts hours, not persons: one column less to sort
            hours=Coalesce(Sum("credit_hours"), 0),
            towards_duty=Coalesce(Sum(Least("credit_hours", Value(PNS_CREDIT_HOURS_A_YEAR))), 0),
            met=Count("credit_hours", filter=Q(credit_hours__gte=PNS_CREDIT_HOURS_A_YEAR)),
            above=Count("credit_hours", filter=above_ceiling),
            above_hours=Coalesce(Sum("credit_hours", filter=above_ceiling), 0),
        )
    )
    return {(unit, KINDS[place]): figures for unit, place, *figures in earned}
