"""A workbook written row by row, for reports too long for a library that looks at every cell by itself.

Rows come as XML, from Python or rendered by PostgreSQL; the compressor is what is left to do. What stands around the rows
is as small as readers accept: ISO/IEC 29500, part 1 (SpreadsheetML), inline strings, cells without a reference of their own.
"""

from __future__ import annotations

import re
import zipfile
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from datetime import date
from typing import IO
from xml.sax.saxutils import escape, quoteattr

from academy.reports.columns import Column, Kind, Value

DAY_ZERO = date(1899, 12, 30)
# XML cannot hold these, and makes another sign of a carriage return; nobody misses them in a cell.
UNWRITABLE = "[\x01-\x08\x0b-\x1f\ufffe\uffff]"
_UNWRITABLE = re.compile(UNWRITABLE)
# Readers take this for a sign of that number (ISO/IEC 29500, part 1, 22.9.2.19, ST_Xstring) unless it says it is none.
CODED = "_x[0-9A-Fa-f]{4}_"
_CODED = re.compile(f"({CODED})")
EDGE = " \t\n"  # a reader may drop these at either end of a text that does not say otherwise

NUMBER_FORMATS = {
    Kind.TEXT: "@",
    Kind.INTEGER: "#,##0",
    Kind.YEAR: "0",
    Kind.DECIMAL: "0.00",
    Kind.DATE: "dd-mm-yyyy",
    Kind.PERCENT: "0.0",
}
# Places in the list of cell styles: the plain one of every kind, the bold one of every kind, the heading.
PLAIN = {kind: place for place, kind in enumerate(Kind, start=1)}
BOLD = {kind: place + len(Kind) for kind, place in PLAIN.items()}
HEADING = 2 * len(Kind) + 1

_MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_PACKAGE = "http://schemas.openxmlformats.org/package/2006"
_START = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml"


def writable(text: str) -> str:
    return _UNWRITABLE.sub("", text)


def row_xml(columns: Sequence[Column], values: Sequence[Value], *, bold: bool = False) -> str:
    styles = BOLD if bold else PLAIN
    cells = [_cell(styles[column.kind], value) for column, value in zip(columns, values, strict=True)]
    return "<row>" + "".join(cells) + "</row>"


def _cell(style: int, value: Value) -> str:
    if value is None or value == "":
        return f'<c s="{style}"/>'
    if isinstance(value, str):
        text = _CODED.sub(r"_x005F\1", writable(value))
        space = "" if text == text.strip(EDGE) else ' xml:space="preserve"'
        return f'<c s="{style}" t="inlineStr"><is><t{space}>{escape(text)}</t></is></c>'
    number = (value - DAY_ZERO).days if isinstance(value, date) else value
    return f'<c s="{style}"><v>{number}</v></c>'


def row_xml_sql(columns: Sequence[Column], names: Sequence[str], *, delicate: bool = False) -> str:
    """An expression of PostgreSQL for the row of the columns `names` with final values: the bytes of `row_xml`.

    Without `delicate` no text holds anything that XML must not, or begins or ends with EDGE.
    """
    text = _delicate_sql if delicate else _plain_sql
    cells = [_cell_sql(column.kind, name, text) for column, name in zip(columns, names, strict=True)]
    return "'<row>' || " + " || ".join(cells) + " || '</row>'"


def _cell_sql(kind: Kind, name: str, text: Callable[[str], str]) -> str:
    style, empty = PLAIN[kind], f"'<c s=\"{PLAIN[kind]}\"/>'"
    if kind is not Kind.TEXT:
        number = f"({name} - DATE '{DAY_ZERO}')" if kind is Kind.DATE else name
        return f"coalesce('<c s=\"{style}\"><v>' || {number} || '</v></c>', {empty})"
    return (
        f"CASE {name} WHEN '' THEN {empty} ELSE '<c s=\"{style}\" t=\"inlineStr\"><is><t{text(name)}</t></is></c>' END"
    )


def _plain_sql(name: str) -> str:
    return f">' || {name} || '"


def _delicate_sql(name: str) -> str:
    clean = f"regexp_replace({name}, E'{UNWRITABLE}', '', 'g')"
    opened = f"CASE WHEN {clean} ~ E'^[{EDGE}]|[{EDGE}]$' THEN ' xml:space=\"preserve\">' ELSE '>' END"
    coded = f"regexp_replace({clean}, '({CODED})', E'_x005F\\\\1', 'g')"
    escaped = f"replace(replace(replace({coded}, '&', '&amp;'), '<', '&lt;'), '>', '&gt;')"
    return f"' || {opened} || {escaped} || '"


class Workbook:
    """Sheets are begun one after another; the end of the context writes what holds them together, unless by an error."""

    def __init__(self, out: IO[bytes]) -> None:
        self._zip = zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED, compresslevel=1)
        self._names: list[str] = []
        self._part: IO[bytes] | None = None

    def begin(self, name: str, widths: Iterable[int], heading: Sequence[str] = (), *, is_table: bool = True) -> None:
        """A sheet with its columns that wide; a table has a heading that stays in sight and is printed on each page."""
        self._end()
        self._names.append(name)
        self._is_table = is_table
        self._part = self._zip.open(f"xl/worksheets/sheet{len(self._names)}.xml", "w", force_zip64=True)
        columns = "".join(
            f'<col min="{place}" max="{place}" width="{width}" customWidth="1"/>'
            for place, width in enumerate(widths, start=1)
        )
        pane = (
            '<pane xSplit="1" ySplit="1" topLeftCell="B2" activePane="bottomRight" state="frozen"/>' if is_table else ""
        )
        fit = '<sheetPr><pageSetUpPr fitToPage="1"/></sheetPr>' if is_table else ""
        self.write(
            f'{_START}<worksheet xmlns="{_MAIN}">{fit}<sheetViews><sheetView workbookViewId="0">{pane}</sheetView>'
            f"</sheetViews><cols>{columns}</cols><sheetData>".encode()
        )
        if heading:
            self.write(("<row>" + "".join(_cell(HEADING, text) for text in heading) + "</row>").encode())

    def write(self, rows: bytes) -> None:
        if self._part is None:
            raise ValueError("no sheet was begun")
        self._part.write(rows)

    def __enter__(self) -> Workbook:
        return self

    def __exit__(self, kind: type[BaseException] | None, *_error: object) -> None:
        if kind is None:
            self._close()
            return
        with suppress(OSError):  # the file is given up; a full disk may be the error
            if self._part is not None:
                self._part.close()
            self._zip.close()

    def _close(self) -> None:
        self._end()
        numbers = range(1, len(self._names) + 1)
        sheets = "".join(
            f'<sheet name={quoteattr(name)} sheetId="{number}" r:id="rId{number}"/>'
            for number, name in zip(numbers, self._names, strict=True)
        )
        related = "".join(
            f'<Relationship Id="rId{number}" Type="{_OFFICE}/worksheet" Target="worksheets/sheet{number}.xml"/>'
            for number in numbers
        )
        parts = "".join(
            f'<Override PartName="/xl/worksheets/sheet{number}.xml" ContentType="{_TYPE}.worksheet+xml"/>'
            for number in numbers
        )
        titles = "".join(
            f'<definedName name="_xlnm.Print_Titles" localSheetId="{place}">\'{name}\'!$1:$1</definedName>'
            for place, name in enumerate(self._names[:-1])
        )
        self._put("xl/styles.xml", _styles())
        self._put(
            "xl/workbook.xml",
            f'<workbook xmlns="{_MAIN}" xmlns:r="{_OFFICE}"><sheets>{sheets}</sheets>'
            f"<definedNames>{titles}</definedNames></workbook>",
        )
        self._put(
            "xl/_rels/workbook.xml.rels",
            f'<Relationships xmlns="{_PACKAGE}/relationships">{related}'
            f'<Relationship Id="styles" Type="{_OFFICE}/styles" Target="styles.xml"/></Relationships>',
        )
        self._put(
            "_rels/.rels",
            f'<Relationships xmlns="{_PACKAGE}/relationships">'
            f'<Relationship Id="rId1" Type="{_OFFICE}/officeDocument" Target="xl/workbook.xml"/></Relationships>',
        )
        self._put(
            "[Content_Types].xml",
            f'<Types xmlns="{_PACKAGE}/content-types">'
            '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
            '<Default Extension="xml" ContentType="application/xml"/>'
            f'<Override PartName="/xl/workbook.xml" ContentType="{_TYPE}.sheet.main+xml"/>{parts}'
            f'<Override PartName="/xl/styles.xml" ContentType="{_TYPE}.styles+xml"/></Types>',
        )
        self._zip.close()

    def _end(self) -> None:
        if self._part is None:
            return
        setup = '<pageSetup paperSize="9" orientation="landscape" fitToHeight="0"/>' if self._is_table else ""
        self.write(f"</sheetData>{setup}</worksheet>".encode())
        self._part.close()
        self._part = None

    def _put(self, path: str, xml: str) -> None:
        self._zip.writestr(path, _START + xml)


def _styles() -> str:
    codes = [NUMBER_FORMATS[kind] for kind in Kind]
    formats = "".join(f'<numFmt numFmtId="{164 + place}" formatCode="{code}"/>' for place, code in enumerate(codes))
    ways = [_way(0), *(_way(164 + place) for place in range(len(codes)))]
    ways += [_way(164 + place, font=1, border=1) for place in range(len(codes))]
    ways.append(_way(164 + list(Kind).index(Kind.TEXT), font=1, border=2, wraps=True))
    return (
        f'<styleSheet xmlns="{_MAIN}"><numFmts count="{len(codes)}">{formats}</numFmts>'
        '<fonts count="2"><font><sz val="11"/><name val="Calibri"/></font>'
        '<font><b/><sz val="11"/><name val="Calibri"/></font></fonts>'
        '<fills count="2"><fill><patternFill patternType="none"/></fill>'
        '<fill><patternFill patternType="gray125"/></fill></fills>'
        '<borders count="3"><border><left/><right/><top/><bottom/><diagonal/></border>'
        '<border><left/><right/><top style="thin"/><bottom/><diagonal/></border>'
        '<border><left/><right/><top/><bottom style="medium"/><diagonal/></border></borders>'
        '<cellStyleXfs count="1"><xf numFmtId="0" fontId="0" fillId="0" borderId="0"/></cellStyleXfs>'
        f'<cellXfs count="{len(ways)}">{"".join(ways)}</cellXfs>'
        '<cellStyles count="1"><cellStyle name="Normal" xfId="0" builtinId="0"/></cellStyles></styleSheet>'
    )


def _way(number_format: int, *, font: int = 0, border: int = 0, wraps: bool = False) -> str:
    applied = 'applyNumberFormat="1" applyFont="1" applyBorder="1"'
    start = f'<xf numFmtId="{number_format}" fontId="{font}" fillId="0" borderId="{border}" xfId="0" {applied}'
    return f'{start} applyAlignment="1"><alignment vertical="bottom" wrapText="1"/></xf>' if wraps else start + "/>"
