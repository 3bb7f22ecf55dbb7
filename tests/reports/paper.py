"""Tables of a tagged PDF, read back by what its structure says and not by where the letters stand."""

from __future__ import annotations

import ctypes
import io
import re
from collections import defaultdict
from collections.abc import Iterator
from typing import Any

import pikepdf
import pypdfium2
from pypdfium2 import raw

INDONESIAN = "Januari Februari Maret April Mei Juni Juli Agustus September Oktober November Desember"
ENGLISH = "January February March April May June July August September October November December"
MONTHS = [month for names in (INDONESIAN, ENGLISH) for month in names.split()]


def tables_of(data: bytes) -> list[list[list[str]]]:
    """The texts of all tables in reading order: rows of cells; what is continued on the next page is one table."""
    texts = _texts(data)
    with pikepdf.open(io.BytesIO(data)) as pdf:
        numbers = {page.obj.objgen: number for number, page in enumerate(pdf.pages)}
        found = []
        for table in _elements(pdf.Root.StructTreeRoot, "/Table"):
            rows = [
                [_in_one_line(_text(cell, numbers, texts)) for cell in _elements(row, "/TH", "/TD")]
                for row in _elements(table, "/TR")
            ]
            found.append(rows)
    return found


def joined(tables: list[list[list[str]]]) -> list[list[list[str]]]:
    """Tables whose headings are repeated on a further page as one."""
    whole: list[list[list[str]]] = []
    for rows in tables:
        if whole and rows and rows[0] == whole[-1][0]:
            whole[-1] += rows[1:]
        else:
            whole.append(list(rows))
    return [[row for number, row in enumerate(rows) if not number or row != rows[0]] for rows in whole]


def value(text: str) -> str:
    """A cell as CSV has it: days in ISO, numbers with a point and not grouped."""
    if text == "–":
        return ""
    if found := re.fullmatch(rf"(\d+) ({'|'.join(MONTHS)}) (\d{{4}})", text):
        day, month, year = found.groups()
        return f"{year}-{MONTHS.index(month) % 12 + 1:02}-{int(day):02}"
    if re.fullmatch(r"-?\d{1,3}(\.\d{3})*(,\d+)?%?", text) and not re.fullmatch(r"\d+\.\d{1,2}", text):
        return text.rstrip("%").replace(".", "").replace(",", ".")
    return text


def _in_one_line(pieces: Iterator[str]) -> str:
    """Lines end at a space, which is not written, or behind a slash."""
    text = ""
    for piece in pieces:
        text += piece if not text or text.endswith("/") else f" {piece}"
    return text


def _elements(element: Any, *kinds: str) -> Iterator[Any]:
    """The topmost elements of these kinds below this one."""
    for child in _children(element):
        if isinstance(child, pikepdf.Dictionary) and child.get("/S") in kinds:
            yield child
        elif isinstance(child, pikepdf.Dictionary):
            yield from _elements(child, *kinds)


def _children(element: Any) -> list[Any]:
    children = element.get("/K", [])
    return list(children) if isinstance(children, pikepdf.Array) else [children]


def _text(element: Any, numbers: dict[Any, int], texts: dict[tuple[int, int], list[str]]) -> Iterator[str]:
    for child in _children(element):
        if isinstance(child, int):
            yield from texts[numbers[element.Pg.objgen], child]
        elif child.get("/Type") == "/MCR":
            page = child.get("/Pg", element.get("/Pg"))
            yield from texts[numbers[page.objgen], int(child.MCID)]
        elif child.get("/S") is not None:
            yield from _text(child, numbers, texts)


def _texts(data: bytes) -> dict[tuple[int, int], list[str]]:
    """The pieces of text by page and by the number that marks them."""
    found: defaultdict[tuple[int, int], list[str]] = defaultdict(list)
    document = pypdfium2.PdfDocument(data)
    for number, page in enumerate(document):
        letters = page.get_textpage()
        for each in page.get_objects(filter=[raw.FPDF_PAGEOBJ_TEXT]):
            length = raw.FPDFTextObj_GetText(each, letters, None, 0)
            buffer = ctypes.create_string_buffer(length)
            raw.FPDFTextObj_GetText(each, letters, ctypes.cast(buffer, ctypes.POINTER(raw.FPDF_WCHAR)), length)
            text = buffer.raw.decode("utf-16-le").rstrip("\0").strip()
            found[number, raw.FPDFPageObj_GetMarkedContentID(each)].append(text)
    document.close()
    return found
