"""What the reader asks for, read from the address. Nothing typed there can break a page or widen the scope.

A unit outside the scope answers 404, exactly as one that does not exist. Anything else that is wrong is left out with
a sentence that says so; a file is then refused instead, since its reader would not see the sentence.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import urlencode

from django.db import models
from django.db.models import Q
from django.http import Http404
from django.urls import reverse
from django.utils.dates import MONTHS
from django.utils.translation import gettext as _
from django.utils.translation import pgettext, pgettext_lazy

from academy.people.models.agency import WorkUnitQuerySet
from academy.reports.scope import Scope, Unit
from courses.models import Course

LONGEST_SEARCH = 100
DIRECT = "ya"
ACTIVE, INACTIVE = "aktif", "nonaktif"


class State(models.TextChoices):
    """The lists behind the figures; the values stand in addresses."""

    TARGET = "sasaran", pgettext_lazy("report", "Target")
    ENROLLED = "terdaftar", pgettext_lazy("report", "Enrolled")
    NOT_STARTED = "belum-dimulai", pgettext_lazy("report", "Not started")
    RUNNING = "berjalan", pgettext_lazy("report", "Running")
    FINISHED = "selesai", pgettext_lazy("report", "Finished")
    CERTIFIED = "bersertifikat", pgettext_lazy("report", "Certified")
    NOT_ENROLLED = "belum-terdaftar", pgettext_lazy("report", "Not enrolled")
    OVERDUE = "terlambat", pgettext_lazy("report", "Overdue")
    NEW = "baru", pgettext_lazy("report", "New enrolments")
    # credit hours of the year
    HOURS_DUTY = "berkewajiban", pgettext_lazy("report", "With the duty")
    HOURS_SHORT = "belum-memenuhi", pgettext_lazy("report", "Duty not met")
    HOURS_MET = "memenuhi", pgettext_lazy("report", "Duty met")
    HOURS_ABOVE = "di-atas-batas", pgettext_lazy("report", "Above the ceiling")
    # assigned courses
    ASSIGNED = "ditugaskan", pgettext_lazy("report", "Assigned")
    IN_TIME = "tepat-waktu", pgettext_lazy("report", "Finished in time")
    # certificates
    ANY = "semua", pgettext_lazy("report", "All")
    VALID = "berlaku", pgettext_lazy("report", "Valid")
    OWED = "diterbitkan", pgettext_lazy("report", "Being issued")
    EXPIRED = "kedaluwarsa", pgettext_lazy("report", "Expired")
    REVOKED = "dicabut", pgettext_lazy("report", "Revoked")
    REPLACED = "diganti", pgettext_lazy("report", "Replaced")


class Attribution(models.TextChoices):
    """To which unit a fact is reckoned: where the person works now, or where the person worked when it was earned."""

    TODAY = "unit-kini", pgettext_lazy("report", "Unit today")
    EARNED = "unit-saat-selesai", pgettext_lazy("report", "Unit when earned")


@dataclass(frozen=True)
class Choices:
    """What a report lets its reader choose: lists, of which `unasked` is shown first; a `course`, or all of them.

    `earned`: there is a view by the unit when earned, with lists of its own. `inactive`: accounts that are switched off
    can be shown instead. `month`: one month of the year alone. What is not `searched` holds all lines, or its totals would
    be those of a search.
    """

    states: Sequence[State] = ()
    unasked: State | None = None
    earned: bool = False
    earned_states: Sequence[State] = ()
    inactive: bool = False
    searched: bool = True
    course: bool = True
    month: bool = False

    def lists(self, attribution: Attribution) -> Sequence[State]:
        return self.earned_states if attribution == Attribution.EARNED else self.states


@dataclass(frozen=True)
class Filters:
    """`direct` leaves out the units below `unit`; without `state` it is a report of all states."""

    year: int
    course: Course | None = None
    unit: Unit | None = None
    direct: bool = False
    state: State | None = None
    search: str = ""
    inactive: bool = False
    attribution: Attribution = Attribution.TODAY
    month: int | None = None

    @property
    def by_earned_unit(self) -> bool:
        return self.attribution == Attribution.EARNED

    def units(self, scope: Scope) -> WorkUnitQuerySet:
        """The units to report on, as a query."""
        units = scope.units
        if self.unit:
            branch = Q(pk=self.unit.pk) if self.direct else Q(path__startswith=self.unit.path)
            units = units.filter(branch)
        return units

    def with_(self, **changes: Any) -> Filters:
        return replace(self, **changes)

    def as_query(self) -> dict[str, str]:
        """As they stand in an address; the year always, the rest where it is set."""
        query = {
            "tahun": str(self.year),
            "bulan": str(self.month or ""),
            "pelatihan": self.course.key if self.course else "",
            "unit": str(self.unit.pk) if self.unit else "",
            "langsung": DIRECT if self.direct else "",
            "keadaan": self.state.value if self.state else "",
            "q": self.search,
            "status": INACTIVE if self.inactive else "",
            "menurut": self.attribution.value if self.by_earned_unit else "",
        }
        return {name: value for name, value in query.items() if value}

    def address(self, view: str, *args: object) -> str:
        return f"{reverse(view, args=args)}?{urlencode(self.as_query())}"

    def in_words(self) -> list[tuple[str, str]]:
        """Year and attribution, and each filter that is set, by name."""
        pairs = [
            (pgettext("report", "Year"), str(self.year)),
            (pgettext("report", "Month"), str(MONTHS[self.month]) if self.month else ""),
            (pgettext("report", "Reckoned by"), str(self.attribution.label)),
            (pgettext("report", "Course"), self.course.title if self.course else ""),
            (pgettext("report", "Work unit"), self.unit.name if self.unit else ""),
            (pgettext("report", "Units below"), pgettext("report", "left out") if self.direct else ""),
            (pgettext("report", "State"), str(self.state.label) if self.state else ""),
            (pgettext("report", "Search"), self.search),
            (pgettext("report", "Account"), pgettext("report", "inactive") if self.inactive else ""),
        ]
        return [(name, value) for name, value in pairs if value]


def read_filters(
    params: Mapping[str, str],
    choices: Choices,
    *,
    scope: Scope,
    courses: Sequence[Course],
    years: Sequence[int],
    this_year: int,
) -> tuple[Filters, list[str]]:
    """The filters, and a sentence for everything in the address that was left out."""
    problems: list[str] = []
    unit = _read_unit(params.get("unit", ""), scope, problems)
    attribution = _read_attribution(params.get("menurut", ""), choices, problems)
    lists = choices.lists(attribution)
    unasked = choices.unasked if choices.unasked in lists else next(iter(lists), None)
    filters = Filters(
        year=_read_year(params.get("tahun", ""), years, this_year, problems),
        course=_read_course(params.get("pelatihan", ""), courses, choices, problems),
        unit=unit,
        direct=_read_direct(params.get("langsung", ""), unit, problems),
        state=_read_state(params.get("keadaan", ""), lists, unasked, problems),
        search=_read_search(params.get("q", ""), choices, problems),
        inactive=_read_inactive(params.get("status", ""), choices, attribution, problems),
        attribution=attribution,
        month=_read_month(params.get("bulan", ""), choices, problems),
    )
    return filters, problems


def _read_attribution(text: str, choices: Choices, problems: list[str]) -> Attribution:
    if text in {"", Attribution.TODAY}:
        return Attribution.TODAY
    if text != Attribution.EARNED:
        problems.append(_("The address names an unknown way to reckon; you see it by the unit today."))
    elif not choices.earned:
        problems.append(_("This report knows the unit today only."))
    else:
        return Attribution.EARNED
    return Attribution.TODAY


def _read_unit(text: str, scope: Scope, problems: list[str]) -> Unit | None:
    if not text:
        return None
    if not re.fullmatch(r"[0-9]{1,18}", text):
        problems.append(_("The unit in the address is not a number, so it was left out."))
        return None
    unit = scope.find(int(text))
    if unit is None:
        raise Http404
    return unit


def _read_year(text: str, years: Sequence[int], this_year: int, problems: list[str]) -> int:
    if not text:
        return this_year
    if not re.fullmatch(r"[0-9]{4}", text) or int(text) not in years:
        problems.append(_("There are no courses in the year you asked for; you see %(year)d.") % {"year": this_year})
        return this_year
    return int(text)


def _read_month(text: str, choices: Choices, problems: list[str]) -> int | None:
    if not text:
        return None
    if not choices.month:
        problems.append(_("This report is about the whole year, so you see all months."))
        return None
    if not re.fullmatch(r"[0-9]{1,2}", text) or int(text) not in MONTHS:
        problems.append(_("The month in the address is none from 1 to 12, so you see all months."))
        return None
    return int(text)


def _read_course(text: str, courses: Sequence[Course], choices: Choices, problems: list[str]) -> Course | None:
    if not text:
        return None
    if not choices.course:
        problems.append(_("This report is about all courses together, so you see all of them."))
        return None
    for course in courses:
        if course.key == text:
            return course
    problems.append(_("The course in the address is unknown, so you see all courses."))
    return None


def _read_direct(text: str, unit: Unit | None, problems: list[str]) -> bool:
    if text and (text != DIRECT or unit is None):
        problems.append(_("The units below could not be left out, so you see them too."))
        return False
    return bool(text)


def _read_state(text: str, lists: Sequence[State], unasked: State | None, problems: list[str]) -> State | None:
    if not text or unasked is None:
        return unasked
    if text not in lists:
        problems.append(_("The state in the address is unknown; you see: %(state)s.") % {"state": unasked.label})
        return unasked
    return State(text)


def _read_inactive(text: str, choices: Choices, attribution: Attribution, problems: list[str]) -> bool:
    if text in {"", ACTIVE}:
        return False
    if text != INACTIVE or not choices.inactive or attribution == Attribution.EARNED:
        problems.append(_("Only the list of staff can show inactive accounts; you see active ones."))
        return False
    return True


def _read_search(text: str, choices: Choices, problems: list[str]) -> str:
    clean = re.sub(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]+", " ", text).strip()
    if clean and not choices.searched:
        problems.append(_("This report cannot be searched; you see all of it."))
        return ""
    if len(clean) > LONGEST_SEARCH:
        problems.append(
            _("The search was longer than %(most)d characters; only its beginning was looked for.")
            % {"most": LONGEST_SEARCH}
        )
        clean = clean[:LONGEST_SEARCH].strip()
    return clean
