"""A small world to report on, worked out by hand, and eyes for pages and files."""

from __future__ import annotations

import csv
import io
import json
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import openpyxl
from bs4 import BeautifulSoup
from django.utils import timezone

from academy.people import units
from academy.people.models import AgencyGroup, Person, Role, WorkUnit
from certificates.models import Certificate, CertificateFile
from courses import credit_hours
from courses.certification import certified
from courses.models import Completion, Course, Enrolment
from tests import factories
from tests.factories import (
    LONG_AGO,
    AgencyFactory,
    CourseFactory,
    OrganiserFactory,
    PersonFactory,
    make_completion,
    make_edition,
    make_enrolment,
    make_hr,
)
from tests.reports import paper

AT = datetime(2026, 11, 24, 6, 30, tzinfo=UTC)


def make_certificate(completion: Completion, **fields: Any) -> Certificate:
    """A live published certificate, as a bare row, and what the actions write beside it."""
    sequence = Certificate.objects.count() + 1
    file = CertificateFile.objects.create(sha256=f"{sequence:064d}", size=184_320, key=f"{sequence}.pdf")
    certificate: Certificate = Certificate.objects.create(
        **{
            "completion": completion,
            "organiser": completion.course.organiser,
            "year": 2026,
            "sequence": sequence,
            "number": f"{sequence:04}/BPSDMD/XI/2026",
            "code": f"{sequence:016d}",
            "facts": {"issued_on": timezone.localdate(AT).isoformat()},
            "facts_sha256": "0" * 64,
            "template_version": "1",
            "issued_at": AT,
            "published_at": AT,
            "file": file,
        }
        | fields
    )
    if Certificate.objects.live().published().filter(pk=certificate.pk).exists():
        certified([completion.pk], at=AT)
    if certificate.annuls_credit:
        credit_hours.annul([completion.pk], at=AT)
    return certificate


def complete(enrolment: Enrolment, *, at: datetime = AT, **fields: Any) -> Completion:
    """A passed completion of this enrolment, as bare rows."""
    return factories.complete(enrolment, completed_at=at, completed_on=timezone.localdate(at), **fields)


@dataclass
class World:
    """Kupang: root with Kesehatan (below it Puskesmas) and Kominfo. Alor: root with Kominfo. Two courses, X and Y.

    Worked out by hand, 2026, people of Kupang:
                         X            Y            furthest
    root       ana       certified    not started  certified
    Kesehatan  beni      finished     -            finished
    Kesehatan  citra     running      -            running
    Puskesmas  dedi      not started  running      running
    Puskesmas  elsa      not started  -            not started
    Kominfo    fani      -            -            -
    Kominfo    hr        -            -            -
    """

    kupang: WorkUnit
    kesehatan: WorkUnit
    puskesmas: WorkUnit
    kominfo: WorkUnit
    alor: WorkUnit
    course_x: Course
    course_y: Course
    people: dict[str, Any]
    hr: Person
    hr_alor: Person
    hr_province: Person


def make_world() -> World:
    kupang_agency = AgencyFactory(name="Pemerintah Kab. Kupang")
    kupang = units.ensure_root(kupang_agency)
    kesehatan = units.ensure_unit(kupang, "Dinas Kesehatan")
    puskesmas = units.ensure_unit(kesehatan, "Puskesmas Tarus")
    kominfo = units.ensure_unit(kupang, "Dinas Kominfo")
    alor_agency = AgencyFactory(name="Pemerintah Kab. Alor")
    alor = units.ensure_root(alor_agency)
    alor_kominfo = units.ensure_unit(alor, "Dinas Kominfo")
    group = AgencyGroup.objects.create(name="Provinsi NTT")
    group.agencies.set([kupang_agency, alor_agency])
    organiser = OrganiserFactory(unit=alor)
    editions = [
        make_edition(CourseFactory(key=key, code=key.upper(), title=title, organiser=organiser), lessons=1, questions=0)
        for key, title in (("x", "Keamanan Informasi"), ("y", "Dasar SPBE"))
    ]
    x, y = editions

    def person(name: str, unit: WorkUnit) -> Person:
        made: Person = PersonFactory(name=name, unit=unit)
        return made

    people: dict[str, Any] = {
        "ana": person("Ana", kupang),
        "beni": person("Beni", kesehatan),
        "citra": person("Citra", kesehatan),
        "dedi": person("Dedi", puskesmas),
        "elsa": person("Elsa", puskesmas),
        "fani": person("Fani", kominfo),
        "gita": person("Gita", alor_kominfo),
    }
    make_certificate(make_completion(people["ana"], edition=x))
    make_enrolment(people["ana"], edition=y)
    make_completion(people["beni"], edition=x)
    make_enrolment(people["citra"], edition=x, started_at=AT)
    make_enrolment(people["dedi"], edition=x)
    make_enrolment(people["dedi"], edition=y, started_at=AT)
    make_enrolment(people["elsa"], edition=x)
    make_certificate(make_completion(people["gita"], edition=x))
    hr = make_hr(kupang, name="Hesti")
    Person.objects.filter(pk=hr.pk).update(unit=kominfo)
    hr_province = PersonFactory(name="Ivon", unit=alor)
    Role.objects.create(person=hr_province, kind=Role.Kind.HR, group=group, from_at=LONG_AGO)
    return World(
        kupang=kupang,
        kesehatan=kesehatan,
        puskesmas=puskesmas,
        kominfo=kominfo,
        alor=alor,
        course_x=x.course,
        course_y=y.course,
        people=people,
        hr=Person.objects.get(pk=hr.pk),
        hr_alor=make_hr(alor, name="Joni"),
        hr_province=hr_province,
    )


def soup(response: Any) -> Any:
    return BeautifulSoup(response.content, "html.parser")


@dataclass
class Sheet:
    """A table as a page or a file shows it: headings, lines, total row."""

    headings: list[str]
    rows: list[list[Any]]
    totals: list[Any]

    def column(self, heading: str) -> list[Any]:
        return [row[self.headings.index(heading)] for row in self.rows]

    def total(self, heading: str) -> Any:
        return self.totals[self.headings.index(heading)]


def page_table(response: Any, position: int = 0) -> Sheet:
    table = soup(response).select("main table")[position]

    def texts(cells: Any) -> list[str]:
        return [cell.get_text(" ", strip=True) for cell in cells]

    return Sheet(
        headings=texts(table.select("thead th")),
        rows=[texts(row.select("th, td")) for row in table.select("tbody tr")],
        totals=texts(table.select("tfoot th, tfoot td")),
    )


def content(response: Any) -> bytes:
    return b"".join(response.streaming_content) if response.streaming else response.content


def read_csv(data: bytes) -> Sheet:
    assert data.startswith(b"\xef\xbb\xbf")
    headings, *rows, totals = csv.reader(io.StringIO(data.decode("utf-8-sig"), newline=""))
    return Sheet(headings, rows, totals)


def read_json(data: bytes) -> Sheet:
    found = json.loads(data)
    assert found["row_count"] == len(found["rows"])
    return Sheet(found["headings"], found["rows"], found["totals"])


def read_xlsx(data: bytes) -> Sheet:
    """The sheets of lines joined again."""
    book = openpyxl.load_workbook(io.BytesIO(data))
    rows: list[list[Any]] = []
    for sheet in book.worksheets[:-1]:
        headings, *more = [list(row) for row in sheet.iter_rows(values_only=True)]
        rows += more
    return Sheet(headings, rows[:-1], rows[-1])


def read_pdf(data: bytes) -> Sheet:
    """The last table, which is that of the lines, by the structure of the document."""
    headings, *rows, totals = paper.joined(paper.tables_of(data))[-1]
    return Sheet(
        headings, [[paper.value(cell) for cell in row] for row in rows], [paper.value(cell) for cell in totals]
    )


READERS = {"csv": read_csv, "json": read_json, "xlsx": read_xlsx, "pdf": read_pdf}


def as_text(value: Any) -> str:
    """Cells of different formats made comparable: nothing is empty, whole decimals have no point."""
    if value is None:
        return ""
    if isinstance(value, datetime):
        return value.date().isoformat()
    if isinstance(value, bool):
        raise TypeError(value)
    if isinstance(value, int | float | Decimal):
        return f"{value:g}"
    try:
        return f"{float(value):g}" if len(str(value)) < 15 else str(value)
    except ValueError:
        return str(value)
