"""Files are opened again by what people open them with: openpyxl, pandas and LibreOffice all read the same in them."""

from __future__ import annotations

import csv
import io
import json
import re
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import openpyxl
import pandas as pd
import pytest

from academy.reports import control, people
from academy.reports.control import Circumstances
from academy.reports.csv_lines import defused
from academy.reports.files import FORMATS
from academy.reports.filters import State
from academy.reports.registry import REPORTS, read_question
from academy.reports.scope import scope_of
from academy.reports.tables import Table
from tests.factories import PersonFactory
from tests.reports.world import AT, World

HERE = Circumstances(scope="Kab. Kupang", filters=[("Tahun", "2026")], as_of=AT)
# What a spreadsheet takes for a formula or a number where it is told nothing else; the last are wide forms.
NAMES = ['=HYPERLINK("http://contoh.test";"klik")', "+1", "-1", "@x", "\t=1+1", "\uff1d1+1", "\uff0b1", "=1+1", "1e5"]
QUOTED_IS_TEXT = "Text - txt - csv (StarCalc):44,34,76,1,,1033,true,false"
TO_CSV = "csv:Text - txt - csv (StarCalc):44,34,76,1,,0,true,false"  # texts in quotes, numbers bare and not rounded
BARE_NIP = re.compile(r'(?<!["0-9])[0-9]{18}(?!["0-9])')
KINDS = ("csv", "xlsx", "long.csv", "long.xlsx", "json")


@dataclass(frozen=True)
class Reopened:
    """The cells, the totals as the last row: texts as str, whatever was a number as float, nothing as "" or nan."""

    headings: list[str]
    rows: list[list[Any]]

    def column(self, place: int) -> list[Any]:
        return [row[place] for row in self.rows[:-1]]


@pytest.fixture
def tables(world: World) -> dict[str, Table]:
    for name in NAMES:
        PersonFactory(name=name, title_after="", unit=world.kesehatan)
    scope = scope_of(world.hr, at=AT)
    assert scope
    tables = {}
    for name, report in REPORTS.items():
        query = {"tahun": "2026"} | ({"keadaan": "sasaran"} if State.TARGET in report.choices.states else {})
        tables[name] = report.table(read_question(query, report.choices, scope=scope, at=AT)[0])
    return tables | {
        "milik-sendiri": people.own_courses(world.people["ana"]),
        "sertifikat-sendiri": people.own_certificates(world.people["ana"], at=AT),
    }


def write_all(tables: dict[str, Table], folder: Path) -> None:
    for name, table in tables.items():
        for kind in KINDS:
            with pytest.MonkeyPatch.context() as patch, (folder / f"{name}.{kind}").open("w+b") as out:
                patch.setattr(control, "LONG", 0 if "long" in kind else 10**9)
                FORMATS[kind.rpartition(".")[2]].write(table, HERE, out, None)


def convert(folder: Path, pattern: str, *more: str) -> dict[str, list[list[str]]]:
    """The cells of the first sheet of all these files, as one start of LibreOffice reads them."""
    files, out = sorted(folder.glob(pattern)), folder / f"read-{pattern.rpartition('.')[2]}"
    command = ["soffice", f"-env:UserInstallation={(folder / 'profile').as_uri()}", "--headless", *more]
    command += ["--convert-to", TO_CSV, "--outdir", out, *files]  # type: ignore[list-item]
    subprocess.run(command, check=True, capture_output=True, timeout=240)
    read = {}
    for path in files:
        text = (out / f"{path.stem}.csv").read_text(encoding="utf-8")
        assert not BARE_NIP.search(text), f"{path.name}: a NIP is a number"
        read[path.name] = list(csv.reader(io.StringIO(text, newline="")))
    return read


def reopened(rows: list[list[Any]]) -> Reopened:
    return Reopened([str(cell) for cell in rows[0]], rows[1:])


def by_openpyxl(path: Path) -> Reopened:
    sheet = openpyxl.load_workbook(path).worksheets[0]
    assert {cell.data_type for row in sheet.iter_rows() for cell in row} <= {"s", "inlineStr", "n", "d"}, "no formula"
    return reopened([[("" if cell is None else cell) for cell in row] for row in sheet.iter_rows(values_only=True)])


def by_pandas(path: Path) -> Reopened:
    """As somebody does who knows that a NIP is no number: `dtype` says so for CSV, a workbook says it itself."""
    if path.suffix == ".xlsx":
        frame = pd.read_excel(path, keep_default_na=False, engine="calamine")
    elif path.suffix == ".csv":
        frame = pd.read_csv(path, dtype={"NIP": str}, keep_default_na=False)
    else:
        found = json.loads(path.read_text())
        frame = pd.DataFrame([*found["rows"], found["totals"]], columns=found["headings"], dtype=object)
        frame = frame.where(frame.notna(), "")
    return Reopened(list(frame.columns), frame.to_numpy(dtype=object).tolist())


def number(value: Any) -> float:
    return 0.0 if value in {"", None} else float(value)


def check(name: str, table: Table, found: Reopened, text: Callable[[str], str]) -> None:
    """Every text and every sum; `text` is what the format makes of a text."""
    lines = [line.values for line in table.lines]
    assert found.headings == table.headings, name
    assert len(found.rows) == len(lines) + 1, name
    for place, column in enumerate(table.columns):
        cells = found.column(place)
        if column.key in {"nip", "person_name", "unit_name", "name", "course"}:
            assert cells == [text(str(line[place])) for line in lines], (name, column.key)
        if column.totalled:
            sum_of_lines = sum(number(line[place]) for line in lines)
            assert sum(map(number, cells)) == number(found.rows[-1][place]) == sum_of_lines, (name, column.key)
            assert table.lines.sums()[column.key] == sum_of_lines
        if column.key == "nip":
            assert all(isinstance(cell, str) and len(cell) == 18 and cell.isdigit() for cell in cells), name


def plain(text: str) -> str:
    return text


def test_every_file_holds_the_same_for_openpyxl_pandas_and_libreoffice(tables: dict[str, Table], tmp_path: Path):
    write_all(tables, tmp_path)
    of_office = convert(tmp_path, "*.xlsx") | convert(tmp_path, "*.csv", f"--infilter={QUOTED_IS_TEXT}")
    assert len(of_office) == 4 * len(tables)
    for name, table in tables.items():
        for kind in KINDS:
            path = tmp_path / f"{name}.{kind}"
            text = defused if kind.endswith("csv") else plain
            check(path.name, table, by_pandas(path), text)
            if path.name in of_office:
                check(path.name, table, reopened(of_office[path.name]), text)
            if path.suffix == ".xlsx":
                check(path.name, table, by_openpyxl(path), text)
    shown = {row[1] for row in of_office["pegawai.xlsx"]}
    assert set(NAMES) <= shown, "a formula would show what it comes to"
