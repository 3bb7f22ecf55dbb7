"""What the benchmark found: figures with the bounds they must keep, as a table and as var/bench.json."""

from __future__ import annotations

import json
import operator
import sys
from dataclasses import asdict, dataclass
from pathlib import Path


@dataclass(frozen=True)
class Figure:
    """`name` begins with the budget's key. A figure without a bound is only told."""

    name: str
    figure: float
    unit: str
    bound: str | None = None
    ok: bool | None = None
    note: str = ""


def told(name: str, figure: float, unit: str, note: str = "") -> Figure:
    return Figure(name, round(figure, 3), unit, note=note)


def at_most(name: str, figure: float, unit: str, bound: float, note: str = "") -> Figure:
    return _judged(name, figure, unit, "<=", bound, note)


def at_least(name: str, figure: float, unit: str, bound: float, note: str = "") -> Figure:
    return _judged(name, figure, unit, ">=", bound, note)


def below(name: str, figure: float, unit: str, bound: float, note: str = "") -> Figure:
    return _judged(name, figure, unit, "<", bound, note)


def known(figures: list[Figure]) -> list[Figure]:
    """The same, told at once: of a run that takes hours, what is known by now."""
    print(table(figures), end="\n\n", file=sys.stderr)
    return figures


def _judged(name: str, figure: float, unit: str, sign: str, bound: float, note: str) -> Figure:
    keeps = {"<=": operator.le, ">=": operator.ge, "<": operator.lt}[sign](figure, bound)
    return Figure(name, round(figure, 3), unit, f"{sign} {bound:g}", keeps, note)


def table(figures: list[Figure]) -> str:
    head = ("name", "figure", "unit", "bound", "ok", "note")
    rows = [
        (
            each.name,
            f"{each.figure:g}",
            each.unit,
            each.bound or "",
            {True: "yes", False: "NO", None: ""}[each.ok],
            each.note,
        )
        for each in figures
    ]
    widths = [max(len(row[column]) for row in [head, *rows]) for column in range(5)]
    lines = [
        "  ".join([*(cell.ljust(width) for cell, width in zip(row, widths, strict=False)), row[5]])
        for row in [head, *rows]
    ]
    return "\n".join(line.rstrip() for line in lines)


def write(figures: list[Figure], path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps([asdict(each) for each in figures], indent=2, ensure_ascii=False) + "\n")
