"""The reports by name: what each is built from. Page, file and job ask here, so all show the same lines."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Exists, OuterRef
from django.urls import reverse
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from academy.reports import completion, people
from academy.reports.facts import years
from academy.reports.filters import Filters, State, read_filters
from academy.reports.scope import Scope
from academy.reports.tables import Table
from courses.models import Course, Edition


@dataclass(frozen=True)
class Question:
    """What was asked: a scope and filters that make sense; with the courses and years there were to choose from."""

    scope: Scope
    filters: Filters
    courses: Sequence[Course]
    years: Sequence[int]


@dataclass(frozen=True)
class Report:
    """`state` is what a list shows unasked, `file_view` the name of the address of its files."""

    name: str
    title: str | Promise
    file_view: str
    state: State | None
    table: Callable[[Question], Table]

    def address(self, word: str, query: str) -> str:
        return f"{reverse(self.file_view, args=[word])}?{query}"


def known_courses() -> list[Course]:
    """The courses people could take: those with an edition."""
    return list(Course.objects.filter(Exists(Edition.objects.filter(course=OuterRef("pk")))).order_by("code"))


def read_question(
    params: Mapping[str, str], *, state: State | None, scope: Scope, at: datetime
) -> tuple[Question, list[str]]:
    """The question, and a sentence for everything in the parameters that was left out. Http404 for a foreign unit."""
    courses, this_year = known_courses(), timezone.localdate(at).year
    known_years = years(this_year=this_year)
    filters, problems = read_filters(
        params, scope=scope, courses=courses, years=known_years, this_year=this_year, state=state
    )
    return Question(scope, filters, courses, known_years), problems


def _by_unit(question: Question) -> Table:
    place = question.scope.place(question.filters.unit, below=True)
    return completion.by_unit(question.scope, question.filters, place.below)


def _by_course(question: Question) -> Table:
    target = _by_unit(question).lines.sums()["target"]
    return completion.by_course(question.scope, question.filters, question.courses, target=target)


REPORTS = {
    report.name: report
    for report in (
        Report("unit", _("By work unit"), "report_unit_file", None, _by_unit),
        Report("pelatihan", _("By course"), "report_course_file", None, _by_course),
        Report(
            "pegawai",
            pgettext_lazy("report", "People"),
            "report_people_file",
            State.TARGET,
            lambda question: people.people(question.scope, question.filters),
        ),
        Report(
            "peserta",
            _("Participants by course"),
            "report_participants_file",
            State.ENROLLED,
            lambda question: people.participants(question.scope, question.filters, question.courses),
        ),
    )
}
# What a page shows, by the name of its address.
OF_PAGES = {
    "report_overview": ("unit", "pelatihan"),
    "report_people": ("pegawai",),
    "report_participants": ("peserta",),
}
