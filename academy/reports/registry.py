"""The reports by name: what each is built from. Page, file and job ask here, so all show the same lines.

How one is added stands in docs/how-to/add-a-report.md.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime

from django.db.models import Exists, OuterRef
from django.urls import reverse
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from academy.pages.charts import Chart
from academy.reports import agencies, completion, people, trends
from academy.reports.facts import years
from academy.reports.filters import Choices, Filters, State, read_filters
from academy.reports.links import Links, from_course, from_person, from_unit, from_unit_and_course
from academy.reports.scope import Scope
from academy.reports.tables import Line, Table
from courses.models import Course, Edition

OVERVIEW = "report_overview"


@dataclass(frozen=True)
class Question:
    """What was asked: a scope and filters that make sense; with the courses and years there were to choose from."""

    scope: Scope
    filters: Filters
    courses: Sequence[Course]
    years: Sequence[int]
    at: datetime

    @property
    def today(self) -> date:
        return timezone.localdate(self.at)


@dataclass(frozen=True)
class Report:
    """`name` stands in its addresses: `page_view` is that of its page, `file_view` that of its files.

    `links` tells where its cells lead. Lists of people are `searchable`, and offered behind the figures of completion.
    `chart` draws the lines of a page; `empty` says in a title and a sentence what it means that there are none.
    """

    name: str
    title: str | Promise
    page_view: str
    file_view: str
    table: Callable[[Question], Table]
    links: Links
    about: str | Promise = ""
    choices: Choices = field(default_factory=Choices)
    searchable: bool = False
    chart: Callable[[list[Line]], Chart] | None = None
    empty: tuple[str | Promise, str | Promise] = (
        _("Nobody in this list"),
        _("Choose another figure or fewer filters."),
    )

    @property
    def is_list(self) -> bool:
        return bool(self.choices.states)

    def address(self, word: str, query: str) -> str:
        return f"{reverse(self.file_view, args=[word])}?{query}"


def known_courses() -> list[Course]:
    """The courses people could take: those with an edition."""
    return list(Course.objects.filter(Exists(Edition.objects.filter(course=OuterRef("pk")))).order_by("code"))


def read_question(
    params: Mapping[str, str], choices: Choices, *, scope: Scope, at: datetime
) -> tuple[Question, list[str]]:
    """The question, and a sentence for everything in the parameters that was left out. Http404 for a foreign unit."""
    courses, this_year = known_courses(), timezone.localdate(at).year
    known_years = years(this_year=this_year)
    filters, problems = read_filters(
        params, choices, scope=scope, courses=courses, years=known_years, this_year=this_year
    )
    return Question(scope, filters, courses, known_years, at), problems


def _by_unit(question: Question) -> Table:
    place = question.scope.place(question.filters.unit, below=True)
    return completion.by_unit(question.scope, question.filters, place.below, today=question.today)


def _by_course(question: Question) -> Table:
    target = 0 if question.filters.by_earned_unit else _by_unit(question).lines.sums()["target"]
    return completion.by_course(question.scope, question.filters, question.courses, target=target, today=question.today)


def _by_unit_and_course(question: Question) -> Table:
    place = question.scope.place(question.filters.unit, below=True)
    return completion.by_unit_and_course(
        question.scope, question.filters, place.below, question.courses, today=question.today
    )


def _by_month(question: Question) -> Table:
    return trends.by_month(question.scope, question.filters, today=question.today)


def _by_agency(question: Question) -> Table:
    return agencies.by_agency(question.scope, question.filters, today=question.today)


def _people(question: Question) -> Table:
    if question.filters.by_earned_unit:
        return people.people_who_earned(question.scope, question.filters)
    return people.people(question.scope, question.filters, today=question.today)


def _participants(question: Question) -> Table:
    if question.filters.by_earned_unit:
        return people.completions(question.scope, question.filters)
    return people.participants(question.scope, question.filters, question.courses, today=question.today)


OF_COMPLETION = (
    State.TARGET,
    State.ENROLLED,
    State.NOT_STARTED,
    State.RUNNING,
    State.FINISHED,
    State.CERTIFIED,
    State.OVERDUE,
    State.NOT_ENROLLED,
)
COMPLETED = (State.FINISHED, State.CERTIFIED)

REPORTS = {
    report.name: report
    for report in (
        Report(
            "unit",
            _("By work unit"),
            page_view=OVERVIEW,
            file_view="report_unit_file",
            table=_by_unit,
            links=from_unit,
            choices=Choices(earned=True),
        ),
        Report(
            "pelatihan",
            _("By course"),
            page_view=OVERVIEW,
            file_view="report_course_file",
            table=_by_course,
            links=from_course,
            choices=Choices(earned=True),
        ),
        Report(
            "unit-pelatihan",
            _("By work unit and course"),
            page_view="report_unit_course",
            file_view="report_unit_course_file",
            table=_by_unit_and_course,
            links=from_unit_and_course,
            about=_("How far each unit is with each course."),
            choices=Choices(earned=True),
        ),
        Report(
            "tren",
            _("Month by month"),
            page_view="report_trends",
            file_view="report_trends_file",
            table=_by_month,
            links=trends.no_links,
            about=_("New enrolments, completions, certificates and credit hours of each month."),
            choices=Choices(earned=True),
            chart=trends.chart,
        ),
        Report(
            "instansi",
            _("Agencies compared"),
            page_view="report_agencies",
            file_view="report_agencies_file",
            table=_by_agency,
            links=agencies.from_agency,
            about=_("How far each agency is, for who answers for several."),
            choices=Choices(earned=True),
            chart=agencies.chart,
            empty=(
                _("There is one agency here, so there is nothing to compare"),
                _("This page compares whole agencies. Its figures stand in the overview; choose no unit here."),
            ),
        ),
        Report(
            "pegawai",
            pgettext_lazy("report", "People"),
            page_view="report_people",
            file_view="report_people_file",
            table=_people,
            links=from_person,
            about=_("Everybody in your scope: courses enrolled in and finished, credit hours."),
            choices=Choices(OF_COMPLETION, State.TARGET, earned=True, earned_states=COMPLETED, inactive=True),
            searchable=True,
        ),
        Report(
            "peserta",
            _("Participants by course"),
            page_view="report_participants",
            file_view="report_participants_file",
            table=_participants,
            links=from_person,
            about=_("Each person with each course: state, score, credit hours and certificate."),
            choices=Choices(OF_COMPLETION, State.ENROLLED, earned=True, earned_states=COMPLETED),
            searchable=True,
        ),
    )
}
