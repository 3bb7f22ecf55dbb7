"""Making the file of an export: the scope and the table are worked out anew, as of the moment the lines are read."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import IO, Any

from django.conf import settings
from django.http import Http404
from django.utils.translation import gettext as _
from django.utils.translation import override

from academy.people.scope import who_left
from academy.reports import files, reading
from academy.reports.documents import TooManyLines
from academy.reports.exports.heart import Heart
from academy.reports.models import Export
from academy.reports.registry import REPORTS, Question, Report, read_question
from academy.reports.scope import Scope, scope_of
from academy.reports.tables import Table
from academy.whole_files import appearing

# The largest file there may be, of millions of lines, takes minutes; a statement that never ends must not hold a worker.
MOST_TIME = timedelta(hours=2)


class NotAllowed(Exception):
    """The officer may not have this file, today or any more."""

    def __init__(self, problem: Export.Problem) -> None:
        super().__init__(problem.label)
        self.problem = problem


@dataclass(frozen=True)
class Made:
    """A whole file, as fields of its row."""

    scope: str
    scope_sha256: str
    left: list[int]
    about: list[int]
    as_of: datetime
    rows: int
    totals: dict[str, int]
    lines_sha256: str
    file_name: str
    file_key: str
    sha256: str
    size: int

    def fields(self) -> dict[str, Any]:
        return asdict(self)


def folder() -> Path:
    return Path(settings.EXPORTS_ROOT) / "laporan"


def path_of(file_key: str) -> Path:
    return folder() / file_key


def make(export: Export, *, clock: Callable[[], datetime]) -> Made:
    """Write the file under a name of its own: a worker that lost its lease overwrites nobody's.

    NotAllowed, LeaseLost; TooLong after MOST_TIME; OSError if the disk refuses, DatabaseError if the database is away.
    """
    at = clock()
    with override(export.language), Heart(export, clock=clock) as heart:
        report, question = _question(export, at=at)
        with reading.limited(MOST_TIME.total_seconds()):
            # Where the lines are read, and before: a scope that shrinks meanwhile must not fit the file.
            fingerprint, left = question.scope.fingerprint(), who_left(question.scope.units, around=at)
            table = report.table(question)
            filters = question.filters
            circumstances = files.Circumstances(
                scope=question.scope.label, filters=filters.in_words(), as_of=table.as_of or at
            )
            form = report.form(export.format, question)
            path = path_of(f"{export.pk}-{secrets.token_hex(8)}.{form.word}")
            with appearing(path) as draft:
                with draft.open("w+b") as out:
                    control = _write(form, table, circumstances, out, heart)
                    sha256 = hashlib.file_digest(out, "sha256").hexdigest()
                size = draft.stat().st_size
            left &= who_left(question.scope.units, around=at)  # of the others somebody may stand in the file
            if table.as_of is not None:  # such figures name nobody, and `withheld` looks since they were counted
                left = who_left(question.scope.units, around=table.as_of)
        return Made(
            scope=question.scope.label[:300],
            scope_sha256=fingerprint,
            left=sorted(left),
            about=question.scope.about(filters.unit),
            as_of=circumstances.as_of,
            rows=control.rows,
            totals={
                str(column.heading): control.sums.get(column.key, 0) for column in table.columns if column.totalled
            },
            lines_sha256=control.sha256,
            file_name=files.file_name(table, circumstances, form, year=filters.year),
            file_key=path.name,
            sha256=sha256,
            size=size,
        )


def _write(
    form: files.FileFormat, table: Table, circumstances: files.Circumstances, out: IO[bytes], heart: Heart
) -> files.Control:
    try:
        if form.most_lines is not None and len(table.lines) > form.most_lines:
            raise NotAllowed(Export.Problem.LINES)
        return files.write(table, circumstances, form, out=out, progress=heart.progress)[1]
    except TooManyLines:  # they became more while they were read
        raise NotAllowed(Export.Problem.LINES) from None


def is_of(export: Export, fingerprint: str) -> bool:
    """Whether the file was made of these units. What was never made was of none."""
    return export.as_of is None or export.scope_sha256 == fingerprint


def withheld(export: Export, scope: Scope) -> str:
    """Why the file, made as it was, is not given out today (P4); nothing if it may be."""
    if export.as_of is None:
        raise ValueError(export.pk)
    if not is_of(export, scope.fingerprint()):
        return _("Your scope has changed since this file was made, so it is not given out. Have it made again.")
    if who_left(scope.units, around=export.as_of) - set(export.left):
        return _("Somebody left your scope since this file was made, so it is not given out. Have it made again.")
    return ""


def _question(export: Export, *, at: datetime) -> tuple[Report, Question]:
    """What was asked, read anew with the roles of this moment (P4)."""
    report = REPORTS[export.report]
    scope = scope_of(export.by, at=at)
    if scope is None:
        raise NotAllowed(Export.Problem.ROLE)
    try:
        question, problems = read_question(export.query, report.choices, scope=scope, at=at)
    except Http404:
        raise NotAllowed(Export.Problem.QUESTION) from None
    if problems:
        raise NotAllowed(Export.Problem.QUESTION)
    return report, question
