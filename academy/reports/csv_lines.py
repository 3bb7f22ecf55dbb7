"""A line of values as CSV holds it, once in Python and once in PostgreSQL's words: both give the same bytes.

Text is quoted, numbers and days (ISO) are bare, nothing is empty. The hash that every file states is over these lines.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from academy.reports.columns import Column, Kind, Value

# What a spreadsheet may take for a formula: at the beginning of a cell, and after what another language's Excel
# takes for the end of one. The wide forms are what East Asian input makes of the same signs.
_ENDS = "[;\t\r\n]"
_SIGN = "[ \u00a0]*[=+\\-@\t\r\n\uff1d\uff0b\uff0d\uff20]"
_RUNS = f"(?={_SIGN})"
_FORMULA = re.compile(f"(^|{_ENDS}){_RUNS}")
FORMULA_BEGINS = _ENDS + _SIGN


def defused(text: str) -> str:
    """`text` with an apostrophe before whatever a spreadsheet would run."""
    return _FORMULA.sub(r"\1'", text)


def csv_line(values: Sequence[Value]) -> str:
    return ",".join(map(_cell, values)) + "\n"


def _cell(value: Value) -> str:
    if value is None:
        return ""
    if isinstance(value, str):
        return '"' + defused(value).replace('"', '""') + '"'
    return str(value)  # a day is in ISO, a decimal keeps its places


def csv_line_sql(columns: Sequence[Column], names: Sequence[str], *, delicate: bool = False) -> str:
    """An expression of PostgreSQL for the line, without its end, of the columns `names` with final values.

    Without `delicate` no text holds a quote or anything of a formula.
    """
    cells = [
        (_text_sql(name) if delicate else f"""'"' || {name} || '"'""")
        if column.kind is Kind.TEXT
        else f"coalesce({name}::text, '')"
        for column, name in zip(columns, names, strict=True)
    ]
    return " || ',' || ".join(cells)


def _text_sql(name: str) -> str:
    """As `_cell`, in two steps: PostgreSQL goes on behind an empty match."""
    first, further = pattern_sql("^" + _RUNS), pattern_sql(f"({_ENDS}){_RUNS}")
    opened = f"CASE WHEN {name} ~ {first} THEN '''' ELSE '' END"
    safe = f"{opened} || regexp_replace({name}, {further}, E'\\\\1''', 'g')"
    return f"""'"' || replace({safe}, '"', '""') || '"'"""


def pattern_sql(pattern: str) -> str:
    return "E'" + pattern.replace("\\", "\\\\") + "'"
