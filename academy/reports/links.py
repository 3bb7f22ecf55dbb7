"""Where the numbers and names of a report lead: to the people and courses behind them."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from django.urls import reverse

from academy.reports.columns import Column
from academy.reports.completion import state_behind
from academy.reports.filters import Filters, State
from academy.reports.tables import Line

# Where the value of this column leads to, if anywhere; without a line the one in the total row.
Links = Callable[[Filters, Column, Line | None], str]
EVENT_OF_COLUMN = {
    "enrolled": State.NEW,
    "completions": State.FINISHED,
    "certified": State.CERTIFIED,
    "credit_hours": State.FINISHED,
}
ALL_THAT_FINISHED = {State.TARGET, State.ENROLLED, State.FINISHED}  # lists of people of which none is missing


def from_unit(filters: Filters, column: Column, line: Line | None) -> str:
    """Numbers lead to the people, a unit with units below it to its own table."""
    here = _of_unit(filters, line)
    if column.key != "unit_name":
        return _list("report_people", here, column)
    if line is None:
        return ""
    opens = not here.direct and here.unit and here.unit != filters.unit and here.unit.numchild
    return here.address("report_overview") if opens else _everybody(here)


def from_course(filters: Filters, column: Column, line: Line | None) -> str:
    """Numbers lead to the pairs of person and course, a course to the report on it alone."""
    here = _of_course(filters, line)
    if column.key == "course" and line is not None:
        return here.address("report_overview")
    return _list("report_participants", here, column)


def from_unit_and_course(filters: Filters, column: Column, line: Line | None) -> str:
    """Numbers lead to the pairs, a unit with units below it to its own table, a course to itself in all units."""
    here = _of_unit(filters, line)
    if column.key == "unit_name" and line is not None:
        opens = not here.direct and here.unit and here.unit != filters.unit and here.unit.numchild
        return here.address("report_unit_course") if opens else _everybody(here)
    if column.key == "course" and line is not None:
        return _of_course(filters, line).address("report_unit_course")
    return _list("report_participants", _of_course(here, line), column)


def to_list(view: str, states: Mapping[str, State]) -> Links:
    """Numbers lead to the list `view` on the same unit or course, in the state of their column; completions to their lines."""

    def link(filters: Filters, column: Column, line: Line | None) -> str:
        here = filters
        if line is not None:
            here = _of_course(here, line) if "course_ref" in line.refs else _of_unit(here, line)
        if column.key == "completions" or (filters.by_earned_unit and column.key in EVENT_OF_COLUMN):
            return to_events(here, column)
        if column.key in states and not (filters.by_earned_unit and column.key == "target"):
            return here.with_(state=states[column.key]).address(view)
        return ""

    return link


def to_events(filters: Filters, column: Column) -> str:
    """Numbers of what happened lead to its lines."""
    state = EVENT_OF_COLUMN.get(column.key)
    return filters.with_(state=state).address("report_events") if state else ""


def from_person(filters: Filters, column: Column, line: Line | None) -> str:
    """The name leads to the person, if the officer may see more; a number of a certificate to where anybody checks it."""
    if line is None:
        return ""
    if column.key == "person_name":
        person = line.refs.get("person")
        return reverse("report_person", args=[person]) if person else ""
    course = filters.course.key if filters.course else line.refs.get("course_key")
    return from_pair(column, line, course)


def from_matrix(filters: Filters, column: Column, line: Line | None) -> str:
    """As `from_person`; the finished courses of everybody in the list lead to these pairs, where there is a list of them."""
    if line is None and column.key == "finished" and not filters.by_earned_unit and filters.state in ALL_THAT_FINISHED:
        return filters.with_(state=State.FINISHED).address("report_participants")
    return from_person(filters, column, line)


def from_pair(column: Column, line: Line, course_key: str | None) -> str:
    """To the certificate, or to what changed from edition to edition of the course."""
    if column.key == "edition" and course_key:
        return reverse("edition_history", args=[course_key])
    return certificate_address(line) if column.key == "number" else ""


def certificate_address(line: Line) -> str:
    """The public page of the certificate of this line, where anybody may check it."""
    return reverse("certificate_by_code", args=[line.refs["code"]]) if line.refs.get("code") else ""


def _of_unit(filters: Filters, line: Line | None) -> Filters:
    return filters.with_(unit=line.refs["unit"], direct=line.refs["direct"]) if line else filters


def _of_course(filters: Filters, line: Line | None) -> Filters:
    return filters.with_(course=line.refs["course_ref"]) if line else filters


def _everybody(filters: Filters) -> str:
    state = State.FINISHED if filters.by_earned_unit else State.TARGET
    return filters.with_(state=state).address("report_people")


def _list(view: str, filters: Filters, column: Column) -> str:
    """In the view by the unit when earned, completions stand in the list of pairs alone."""
    state = state_behind(column, filters)
    if state is None:
        return ""
    return filters.with_(state=state).address("report_participants" if filters.by_earned_unit else view)
