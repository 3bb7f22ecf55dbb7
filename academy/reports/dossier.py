"""Supporting evidence (bukti dukung) in one PDF: figures, tables, and as annex who finished what, printed and as a workbook.

The tables are those of the reports on the same question. All that is counted from the annex (months, courses,
signatories) is counted while its lines are written, so it cannot differ from them. What rests on a regulation here
is a setting; see docs/rules.md, "Supporting evidence".
"""

from __future__ import annotations

import hashlib
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from io import BytesIO
from typing import IO, Any

from django.conf import settings
from django.utils.dates import MONTHS
from django.utils.translation import gettext as _
from django.utils.translation import pgettext, pgettext_lazy
from weasyprint import Attachment

from academy.pages.templatetags.formats import day, grouped
from academy.reports import documents, reading
from academy.reports.columns import Column, Kind, Value, percentage, readable
from academy.reports.control import Circumstances, Control, Progress, in_words
from academy.reports.filters import Filters, State
from academy.reports.sheets import writable
from academy.reports.tables import Line, Lines, MadeLines, QueryLines, Table
from academy.reports.workbooks import write_xlsx
from certificates.rendering import draw_sheet
from courses.models import CoursePage, Edition, LegalReference

MOST_LINES = 100_000  # of the annex; beyond that one chooses an agency or a unit
PRINTED = 500  # lines of a table on paper
ANNEX_NAME = "lampiran-peserta.xlsx"
TRIES = 3

MONTH_COLUMNS = (
    Column("month", pgettext_lazy("report column", "Month"), width=40),
    Column("completions", pgettext_lazy("report column", "Completions"), Kind.INTEGER, totalled=True),
    Column("credit_hours", pgettext_lazy("report column", "Credit hours"), Kind.INTEGER, totalled=True),
)
COURSE_COLUMNS = (
    Column("course", pgettext_lazy("report column", "Course"), width=44),
    Column("edition", pgettext_lazy("report column", "Edition"), width=10),
    Column("worth", pgettext_lazy("report column", "Credit hours of the course"), Kind.INTEGER, width=14),
    Column("completions", pgettext_lazy("report column", "Completions"), Kind.INTEGER, totalled=True, width=14),
    Column("legal", pgettext_lazy("report column", "Legal basis"), width=70),
)
SIGNATORY_COLUMNS = (
    Column("organiser", pgettext_lazy("report column", "Organiser"), width=44),
    Column("signatory", pgettext_lazy("report column", "Signatory"), width=44),
    Column("position", pgettext_lazy("report column", "Position"), width=44),
    Column("certificates", pgettext_lazy("report column", "Certificates"), Kind.INTEGER, totalled=True),
)


@dataclass(frozen=True)
class Figure:
    """One of page one, and the list behind it: the name of its page, and the state that is listed."""

    name: str
    value: str
    page: str = ""
    state: State | None = None


class Changing(Exception):
    """Completions were recorded while the tables were read, so that they did not agree; another try may."""


@dataclass(frozen=True)
class Tables:
    """The reports by unit and by course, and the annex: one line per completion. `refs` of its lines as in `Tally`."""

    units: Table
    courses: Table
    annex: Table


@dataclass
class Tally:
    """Lines that are counted while somebody reads them; their refs are those of `people.ANNEX_REFS`."""

    lines: Lines
    columns: Sequence[Column]
    printed: list[tuple[Value, ...]] = field(default_factory=list)
    months: dict[int, Counter[str]] = field(default_factory=lambda: defaultdict(Counter))
    courses: Counter[tuple[str, str, str]] = field(default_factory=Counter)
    signatories: Counter[tuple[str, str, str]] = field(default_factory=Counter)
    people: set[int] = field(default_factory=set)  # those who may be named

    def __len__(self) -> int:
        return len(self.lines)

    def __getitem__(self, part: slice) -> Sequence[Line]:
        return self.lines[part]

    def sums(self) -> dict[str, int]:
        return self.lines.sums()

    def __iter__(self) -> Iterator[Line]:
        place = {column.key: position for position, column in enumerate(self.columns)}
        for line in self.lines:
            values, refs = line.values, line.refs
            if len(self.printed) < PRINTED:
                self.printed.append(values)
            finished_on, hours = values[place["completed_on"]], values[place["credit_hours"]]
            if isinstance(finished_on, date):
                self.months[finished_on.month].update(
                    completions=1, credit_hours=hours if isinstance(hours, int) else 0
                )
            if refs["person"] is not None:
                self.people.add(refs["person"])
            self.courses[refs["course_key"], str(values[place["course"]]), str(values[place["edition"]])] += 1
            if refs["organiser"] is not None:  # there is a certificate, though its number may be hidden
                self.signatories[refs["organiser"], refs["signatory"] or "", refs["position"] or ""] += 1
            yield line


def write(
    gather: Callable[[], Tables],
    filters: Filters,
    circumstances: Circumstances,
    out: IO[bytes],
    progress: Progress | None,
) -> Control:
    """PDF/A-3a and PDF/UA-1; the control is that of the annex. Changing if its tables would not agree."""
    for _try in range(TRIES):
        with reading.one_moment():
            tables = gather()
            annex = tables.annex
            tally, book = Tally(annex.lines, annex.columns), BytesIO()
            control = write_xlsx(replace(annex, lines=tally), circumstances, book, progress)
        if agree(tables, tally, control, filters):
            break
    else:
        raise Changing
    content = book.getvalue()
    context = _context(tables, tally, control, filters, circumstances, content)
    attachment = Attachment(
        string=content,
        name=ANNEX_NAME,
        description=str(annex.title),
        relationship="Data",
        created=circumstances.as_of,
        modified=circumstances.as_of,
    )
    out.write(draw_sheet(documents.html("dossier", context), style=documents.STYLE, attachments=[attachment]))
    return control


def agree(tables: Tables, tally: Tally, control: Control, filters: Filters) -> bool:
    """Whether the tables count what stands in the annex: its lines, and its people or credit hours."""
    units, courses = tables.units.lines.sums(), tables.courses.lines.sums()
    if filters.by_earned_unit:
        hours = control.all_sums()["credit_hours"]
        of_tables = [courses["completions"], units["completions"], units["credit_hours"]]
        return of_tables == [control.rows, control.rows, hours]
    return [courses["finished"], units["finished"]] == [control.rows, len(tally.people)]


def measured(annex: Table) -> tuple[int, int]:
    """The lines of the annex and its credit hours, for a page that shows neither."""
    if not isinstance(annex.lines, QueryLines):
        raise TypeError(annex.lines)
    count, sums = annex.lines.measured()
    return count, sums["credit_hours"]


def figures(units: Mapping[str, int], *, completions: int, credit_hours: int, filters: Filters) -> list[Figure]:
    """The figures of page one; `units` are the sums of the report by unit."""
    pairs, people = "report_participants", "report_people"
    told = [
        Figure(pgettext("report column", "Completions"), grouped(completions), pairs, State.FINISHED),
        Figure(pgettext("report column", "Credit hours"), grouped(credit_hours), pairs, State.FINISHED),
    ]
    certified = grouped(units["certified"])
    if filters.by_earned_unit:
        return [told[0], Figure(pgettext("report column", "Certified"), certified, pairs, State.CERTIFIED), told[1]]
    share = readable(percentage(units["finished"], units["target"]), Kind.PERCENT)
    return [
        Figure(pgettext("report", "Target"), grouped(units["target"]), people, State.TARGET),
        Figure(pgettext("report", "Enrolled"), grouped(units["enrolled"]), people, State.ENROLLED),
        Figure(pgettext("report", "Finished"), grouped(units["finished"]), people, State.FINISHED),
        Figure(pgettext("report column", "Finished of target (%)"), share),
        Figure(pgettext("report", "Certified"), certified, people, State.CERTIFIED),
        *told,
    ]


def basis() -> list[tuple[str, str]]:
    """What the dossier is evidence of, as the operator set it, with the citation as the academy keeps it."""
    found = LegalReference.objects.filter(key=settings.EVIDENCE_REFERENCE).first()
    facts = [(pgettext("report", "Evidence of"), settings.EVIDENCE_INDICATOR)]
    if found is not None:
        facts += [
            (pgettext("report", "Source"), str(found)),
            (pgettext("report", "Source as of"), day(found.as_of_on)),
        ]
    note = _("Number and wording of the indicator are a setting of this academy: compare them with this year's guide.")
    return [*facts, (pgettext("report", "To be checked"), note)]


def contents() -> list[str]:
    """What is in it, in sentences, for the page that offers it."""
    return [
        _("Cover: scope, year, the way of reckoning, figures, how it was counted, moment and SHA-256."),
        _("Tables by work unit, by course and by month; courses with edition, credit hours and legal basis."),
        _("Organisers and signatories of the certificates."),
        _("Annex: everybody who finished, printed up to %(most)s lines and whole as an Excel file inside the PDF.")
        % {"most": grouped(PRINTED)},
    ]


def _context(
    tables: Tables, tally: Tally, control: Control, filters: Filters, circumstances: Circumstances, content: bytes
) -> dict[str, Any]:
    hours = control.all_sums()["credit_hours"]
    parts = [
        _part(tables.units),
        _part(tables.courses),
        _part(_by_month(tally, control)),
        _part(_courses(tally)),
        _part(_signatories(tally)),
    ]
    return {
        "title": _("Supporting evidence"),
        "year": str(filters.year),
        "foot": documents.foot(circumstances),
        "basis": [(name, writable(fact)) for name, fact in basis()],
        "figures": [
            (each.name, each.value)
            for each in figures(
                tables.units.lines.sums(), completions=control.rows, credit_hours=hours, filters=filters
            )
        ],
        "facts": [
            (pgettext("report", "Scope"), writable(circumstances.scope)),
            *((name, writable(value)) for name, value in circumstances.filters),
            (pgettext("report", "Data as of"), in_words(circumstances.as_of)),
            (_("Annex"), _("%(file)s, attached to this PDF") % {"file": ANNEX_NAME}),
            (_("Lines of the annex"), grouped(control.rows)),
            (_("SHA-256 of the lines"), control.sha256),
            (_("SHA-256 of the attached file"), hashlib.sha256(content).hexdigest()),
        ],
        "parts": [part for part in parts if part["sheet"]["rows"]],
        "annex": _part(tables.annex, tally.printed, control),
        "method": _method(filters),
    }


def _part(
    table: Table, rows: Sequence[tuple[Value, ...]] | None = None, control: Control | None = None
) -> dict[str, Any]:
    """A table on paper, or its beginning. `more` says what was left out."""
    count = control.rows if control else len(table.lines)
    sums = control.all_sums() if control else table.lines.sums()
    shown = [line.values for line in table.lines[:PRINTED]] if rows is None else rows
    more = ""
    if count > len(shown):
        more = _("Printed are the first %(shown)s of %(count)s lines; the total row counts all of them.") % {
            "shown": grouped(len(shown)),
            "count": grouped(count),
        }
    return {
        "title": str(table.title),
        "note": str(table.note),
        "more": more,
        "sheet": documents.sheet(table.columns, shown, table.total_row(sums)),
    }


def _by_month(tally: Tally, control: Control) -> Table:
    rows = [
        {"month": str(MONTHS[month]), "completions": found["completions"], "credit_hours": found["credit_hours"]}
        for month, found in sorted(tally.months.items())
    ]
    return Table("bulan", _("By month of completion"), MONTH_COLUMNS, MadeLines(MONTH_COLUMNS, rows))


def _courses(tally: Tally) -> Table:
    """The courses that somebody finished, in each edition, with what they are worth and rest on."""
    keys = {key for key, _title, _edition in tally.courses}
    worth = {
        (edition.course.key, edition.number): edition.credit_hours
        for edition in Edition.objects.filter(course__key__in=keys).select_related("course")
    }
    pages = CoursePage.objects.filter(course__key__in=keys).select_related("course")
    legal = {
        page.course.key: _cited(page.legal_references.all()) for page in pages.prefetch_related("legal_references")
    }
    rows = [
        {
            "course": title,
            "edition": edition,
            "worth": worth.get((key, edition)),
            "completions": count,
            "legal": legal.get(key, ""),
        }
        for (key, title, edition), count in sorted(tally.courses.items(), key=lambda item: item[0][1:])
    ]
    return Table("dasar", _("Courses finished and what they rest on"), COURSE_COLUMNS, MadeLines(COURSE_COLUMNS, rows))


def _cited(references: Iterable[LegalReference]) -> str:
    """Each regulation once, with its articles and the days as of which they are cited."""
    articles: defaultdict[str, list[str]] = defaultdict(list)
    days: defaultdict[str, set[date]] = defaultdict(set)
    for reference in references:
        articles[reference.regulation] += [reference.article] if reference.article else []
        days[reference.regulation].add(reference.as_of_on)
    as_of = _("as of %(day)s")
    return "; ".join(
        f"{', '.join([regulation, *articles[regulation]])} ({as_of % {'day': ', '.join(day(one) for one in sorted(days[regulation]))}})"
        for regulation in articles
    )


def _signatories(tally: Tally) -> Table:
    rows = [
        {"organiser": organiser, "signatory": signatory, "position": position, "certificates": count}
        for (organiser, signatory, position), count in sorted(tally.signatories.items())
    ]
    return Table(
        "penandatangan",
        _("Organisers and signatories of the certificates"),
        SIGNATORY_COLUMNS,
        MadeLines(SIGNATORY_COLUMNS, rows),
    )


def _method(filters: Filters) -> list[str]:
    """How it was counted, in sentences."""
    reckoned = (
        _(
            "Reckoned by the unit when earned: completions count for the unit in which they were earned, also of people who work elsewhere today. People outside the scope today are counted and not named."
        )
        if filters.by_earned_unit
        else _(
            "Reckoned by the unit today: people and their completions count for the unit in which they work on the day of this file."
        )
    )
    return [
        reckoned,
        _(
            "Finished means that every activity of the course is done and its test passed, or that the course was attended: every lesson done when its run was closed. A completion counts in the year in which the course was finished."
        ),
        _(
            "Credit hours count each course once a year; annulled ones do not count. A certificate counts while it is published and neither revoked nor replaced."
        ),
        _(
            "Tables and annex were read from the same records at the moment stated, and their totals were compared before this file was made."
        ),
        _("Every certificate can be checked at the address beside it, without signing in."),
    ]
