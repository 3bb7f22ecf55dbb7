"""What the facts say of one agency in one year, as the rows that keep it."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import date
from typing import Any

from academy.people.models import WorkUnit
from academy.reports import facts, months
from academy.reports.facts import Counts
from academy.reports.months import Month

Row = dict[str, int]


@dataclass(frozen=True)
class Counted:
    """Values of the columns of AgencyYear, of AgencyCourseYear by course, of AgencyCourseMonth by first day and course."""

    year: Row
    courses: dict[int, Row]
    months: dict[tuple[date, int], Row]


def count(agency_id: int, *, year: int, today: date) -> Counted:
    """Some queries by the index of the units of the agency alone."""
    units = WorkUnit.objects.filter(agency=agency_id)
    current = facts.of_roster(facts.enrolments(year=year, course=None), units)
    people = sum((found for _key, found in facts.counted(current, today=today)), Counts())
    pairs = {key: found for (key,), found in facts.counted(current, "course_id", today=today)}
    today_months = months.of_roster(units, "course_id", year=year, course=None)
    earned_months = months.earned(units, "course_id", year=year, course=None)
    cells = {
        (date(year, month, 1), course): _month(
            today_months.get((month, course), Month()), earned_months.get((month, course), Month())
        )
        for month, course in today_months.keys() | earned_months.keys()
    }
    of_course: defaultdict[int, tuple[Month, Month]] = defaultdict(lambda: (Month(), Month()))
    for (_month_number, course), found in today_months.items():
        of_course[course] = (of_course[course][0] + found, of_course[course][1])
    for (_month_number, course), found in earned_months.items():
        of_course[course] = (of_course[course][0], of_course[course][1] + found)
    return Counted(
        year=_year(
            people, sum((now for now, _then in of_course.values()), Month()),
            sum((then for _now, then in of_course.values()), Month()),
        ) | {"target": facts.roster(units).count()},
        courses={
            course: _year(pairs.get(course, Counts()), *of_course[course]) for course in pairs.keys() | of_course.keys()
        },
        months=cells,
    )  # fmt: skip


def _month(now: Month, then: Month) -> Row:
    return {
        "enrolled": now.enrolled,
        "completions": now.completions,
        "certified": now.certified,
        "credit_hours": now.credit_hours,
        "earned_completions": then.completions,
        "earned_certified": then.certified,
        "earned_hours": then.credit_hours,
    }


def _year(counts: Counts, now: Month, then: Month) -> Row:
    figures: dict[str, Any] = {
        key: getattr(counts, key) for key in ("enrolled", "begun", "finished", "certified", "overdue")
    }
    events = _month(now, then)
    return figures | {
        "completions": events["completions"],
        "completions_certified": events["certified"],
        "credit_hours": events["credit_hours"],
        "earned_completions": events["earned_completions"],
        "earned_certified": events["earned_certified"],
        "earned_hours": events["earned_hours"],
    }
