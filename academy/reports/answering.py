"""A table answered as a file, with what it states about itself in the headers as well, and logged."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from urllib.parse import quote, urlencode

from django.http import FileResponse
from django.http.response import HttpResponseBase

from academy.people.accesses import log_file
from academy.people.models import Person
from academy.reports.files import Circumstances, FileFormat, file_name, write
from academy.reports.tables import Table


def answered(
    table: Table,
    circumstances: Circumstances,
    form: FileFormat,
    *,
    by: Person,
    at: datetime,
    chosen: Mapping[str, str],
    units: Iterable[int],
    year: int | None,
    subject: Person | None = None,
) -> FileResponse:
    """`chosen` are the filters for the log, `units` the topmost ones that the file is about, `subject` its one person."""
    content, control = write(table, circumstances, form)
    about = {"report": table.name, "format": form.word, "rows": control.rows, "sha256": control.sha256}
    log_file(
        by,
        scope=circumstances.scope,
        at=at,
        subject=subject,
        detail=about | dict(chosen),
        units=units,
    )
    response = FileResponse(
        content,
        as_attachment=True,
        filename=file_name(table, circumstances, form, year=year),
        content_type=form.content_type,
    )
    state(
        response,
        scope=circumstances.scope,
        chosen=chosen,
        as_of=circumstances.as_of,
        rows=control.rows,
        lines_sha256=control.sha256,
    )
    return response


def state(
    response: HttpResponseBase, *, scope: str, chosen: Mapping[str, str], as_of: datetime, rows: int, lines_sha256: str
) -> None:
    """What a file says of itself, as headers: some formats have no place for it. Percent-encoded."""
    response.headers["X-Report-Scope"] = quote(scope)
    response.headers["X-Report-Filters"] = urlencode(chosen)
    response.headers["X-Report-As-Of"] = as_of.isoformat(timespec="seconds")
    response.headers["X-Report-Rows"] = str(rows)
    response.headers["X-Report-SHA256"] = lines_sha256
