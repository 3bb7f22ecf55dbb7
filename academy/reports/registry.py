"""The reports by name: what each is built from. Page, file and job ask here, so all show the same lines.

How one is added stands in docs/how-to/add-a-report.md.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from functools import partial
from typing import IO

from django.db.models import Exists, OuterRef
from django.urls import reverse
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from academy.pages.charts import Chart
from academy.reports import agencies, assigned, completion, dossier, events, hours, issuance, matrix, people, trends
from academy.reports.control import Circumstances, Control, Progress
from academy.reports.facts import years
from academy.reports.files import FORMATS, FileFormat
from academy.reports.filters import Choices, Filters, State, read_filters
from academy.reports.links import Links, from_course, from_matrix, from_person, from_unit, from_unit_and_course, to_list
from academy.reports.rollup.source import Source, live_source
from academy.reports.scope import Scope, Unit
from academy.reports.tables import Line, Table
from courses.models import Course, Edition

OVERVIEW = "report_overview"
DOSSIER = "report_dossier"


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
    `draw` makes its PDF, where that is more than the table.
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
    draw: Callable[[Question, Table, Circumstances, IO[bytes], Progress | None], Control] | None = None
    chart: Callable[[list[Line]], Chart] | None = None
    empty: tuple[str | Promise, str | Promise] = (
        _("Nobody in this list"),
        _("Choose another figure or fewer filters."),
    )

    def address(self, word: str, query: str) -> str:
        return f"{reverse(self.file_view, args=[word])}?{query}"

    def form(self, word: str, question: Question) -> FileFormat:
        """The format of this word, for the file that answers the question."""
        form = FORMATS[word]
        if word != "pdf" or self.draw is None:
            return form
        return replace(form, write=partial(self.draw, question), most_lines=dossier.MOST_LINES)


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


def _by_unit(question: Question, source: Source | None = None) -> Table:
    return completion.by_unit(question.scope, question.filters, _below(question), today=question.today, source=source)


def _by_course(question: Question, source: Source | None = None) -> Table:
    target = 0 if question.filters.by_earned_unit else _by_unit(question, source).lines.sums()["target"]
    return completion.by_course(
        question.scope, question.filters, question.courses, target=target, today=question.today, source=source
    )


def _by_unit_and_course(question: Question) -> Table:
    return completion.by_unit_and_course(
        question.scope, question.filters, _below(question), question.courses, today=question.today
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


def _below(question: Question) -> Sequence[Unit]:
    return question.scope.place(question.filters.unit, below=True).below


def _finishers(question: Question) -> Table:
    return people.finishers(question.scope, question.filters, question.courses, today=question.today)


def _draw_dossier(
    question: Question, _annex: Table, circumstances: Circumstances, out: IO[bytes], progress: Progress | None
) -> Control:
    def gather() -> dossier.Tables:
        live = live_source(question.scope, question.filters, today=question.today)  # as the annex is
        return dossier.Tables(_by_unit(question, live), _by_course(question, live), _finishers(question))

    return dossier.write(gather, question.filters, circumstances, out, progress)


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
            links=trends.from_month,
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
        Report(
            "penyelesaian",
            events.TITLE,
            page_view="report_events",
            file_view="report_events_file",
            table=lambda question: events.events(question.scope, question.filters),
            links=from_person,
            about=_("One line for each course that was finished, or begun, in a month or the whole year."),
            choices=Choices(events.STATES, earned=True, earned_states=COMPLETED, month=True),
            searchable=True,
        ),
        Report(
            "matriks",
            _("People and courses"),
            page_view="report_matrix",
            file_view="report_matrix_file",
            table=lambda question: matrix.people_and_courses(
                question.scope, question.filters, question.courses, today=question.today
            ),
            links=from_matrix,
            about=_("One line per person, one column per course."),
            choices=Choices(OF_COMPLETION, State.TARGET, earned=True, earned_states=COMPLETED),
            searchable=True,
        ),
        Report(
            "jp-unit",
            _("Credit hours by work unit"),
            page_view="report_unit_hours",
            file_view="report_unit_hours_file",
            table=lambda question: hours.by_unit(question.scope, question.filters, _below(question)),
            links=to_list("report_hours", hours.LIST_OF_COLUMN),
            about=_("How many met the yearly duty of credit hours."),
            choices=Choices(earned=True, course=False),
        ),
        Report(
            "jp",
            _("Credit hours by person"),
            page_view="report_hours",
            file_view="report_hours_file",
            table=lambda question: hours.by_person(question.scope, question.filters),
            links=from_person,
            about=_("Who still lacks credit hours this year, and how many."),
            choices=Choices(hours.STATES, State.TARGET, earned=True, earned_states=COMPLETED, course=False),
            searchable=True,
        ),
        Report(
            "penugasan-unit",
            _("Assigned courses by work unit"),
            page_view="report_unit_assigned",
            file_view="report_unit_assigned_file",
            table=lambda question: assigned.by_unit(
                question.scope, question.filters, _below(question), today=question.today
            ),
            links=to_list("report_assigned", assigned.STATE_OF_COLUMN),
            about=_("What was assigned, finished, and is overdue."),
        ),
        Report(
            "penugasan",
            _("Assigned courses"),
            page_view="report_assigned",
            file_view="report_assigned_file",
            table=lambda question: assigned.by_person(question.scope, question.filters, today=question.today),
            links=from_person,
            about=_("Who is to finish what by when."),
            choices=Choices(assigned.STATES, State.ASSIGNED),
            searchable=True,
        ),
        Report(
            "sertifikat-pelatihan",
            _("Certificates by course"),
            page_view="report_course_certificates",
            file_view="report_course_certificates_file",
            table=lambda question: issuance.by_course(
                question.scope, question.filters, question.courses, at=question.at
            ),
            links=to_list("report_certificates", issuance.STATE_OF_COLUMN),
            about=_("How many are valid, being issued, expired, revoked or replaced."),
            choices=Choices(earned=True),
        ),
        Report(
            "sertifikat",
            _("Certificates"),
            page_view="report_certificates",
            file_view="report_certificates_file",
            table=lambda question: issuance.certificates(question.scope, question.filters, at=question.at),
            links=from_person,
            about=_("Every certificate behind the completions of a year."),
            choices=Choices(issuance.STATES, State.ANY, earned=True, earned_states=issuance.STATES),
            searchable=True,
        ),
        Report(
            "bukti-dukung",
            _("Supporting evidence"),
            page_view=DOSSIER,
            file_view="report_dossier_file",
            table=_finishers,
            links=from_person,
            about=_("One PDF to file: figures, tables, and everybody who finished, with the sources."),
            choices=Choices(earned=True, searched=False),
            draw=_draw_dossier,
        ),
    )
}
