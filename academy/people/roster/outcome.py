"""What came of a file: counts, what was refused and why, and the words for a file that is refused as a whole."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

COUNTS = ("read", "new", "changed", "moved", "gone", "unchanged", "refused")
MOST_REFUSALS_SHOWN = 200


@dataclass(frozen=True)
class Options:
    """`mapping` gives headings of the file that we do not know a field."""

    create_units: bool = False
    strict: bool = False
    deactivate_gone: bool = False
    mapping: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Refusal:
    """Why a row is refused. `row` counts as a spreadsheet does, from 1; 0 stands for the whole file."""

    row: int
    column: str
    value: str
    message: str


@dataclass(frozen=True)
class Outcome:
    """read == refused + moved + new + changed + unchanged; the people who are gone stand in no row of the file.

    `samples`: kind → up to five of {"nip", "name", "before", "after"}.
    """

    read: int = 0
    new: int = 0
    changed: int = 0
    moved: int = 0
    gone: int = 0
    unchanged: int = 0
    refused: int = 0
    refusals: tuple[Refusal, ...] = ()
    warnings: tuple[Refusal, ...] = ()
    samples: dict[str, list[dict[str, str]]] = field(default_factory=dict)

    def counts(self) -> dict[str, int]:
        return {name: getattr(self, name) for name in COUNTS}

    def facts(self) -> dict[str, Any]:
        """What a RosterImport remembers: all counts, but not each refusal; the file of refused rows has them all."""
        lines = {"refusals": self.refusals, "warnings": self.warnings}
        shown = {name: [asdict(each) for each in some[:MOST_REFUSALS_SHOWN]] for name, some in lines.items()}
        totals = {f"{name}_total": len(some) for name, some in lines.items()}
        return {"counts": self.counts(), "samples": self.samples | shown | totals, "progress": 100, "problem": ""}


class RosterRefused(ValueError):
    """The whole file is refused; the message says why, in the reader's language.

    `headings` were found, and no heading stands for the required fields in `missing`: a mapping may help.
    """

    def __init__(self, message: str, *, headings: list[str] | None = None, missing: list[str] | None = None) -> None:
        super().__init__(message)
        self.headings = headings or []
        self.missing = missing or []
