"""Exports as bare rows, asked for, and made."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Any
from uuid import uuid4

from django.conf import settings

from academy.people.models import Person
from academy.reports.exports import jobs
from academy.reports.models import Export
from academy.reports.registry import REPORTS, read_question
from academy.reports.scope import scope_of
from tests.factories import AT


def make_export(by: Person, **fields: Any) -> Export:
    """A bare row that is owed; without a lease unless it is told."""
    given = {"by": by, "at": AT, "report": "pegawai", "format": "csv", "language": "id", "scope": "x"}
    export: Export = Export.objects.create(
        **given | {"query": {"tahun": "2026"}, "key": uuid4().hex, "filters": [["Tahun", "2026"]]} | fields
    )
    return export


def make_ready(by: Person, *, content: bytes, word: str = "csv", at: datetime = AT, **fields: Any) -> Export:
    """A bare row with a file, of the scope that the person has."""
    scope = scope_of(by, at=at)
    assert scope is not None
    key = f"{uuid4().hex}.{word}"
    path = Path(settings.EXPORTS_ROOT) / "laporan" / key
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    made = {"file_key": key, "file_name": f"laporan.{word}", "size": len(content), "sha256": "0" * 64, "rows": 1}
    moments = {"ready_at": at, "as_of": at, "scope_sha256": scope.fingerprint(), "scope": scope.label}
    return make_export(by, format=word, **made | moments | fields)


def ask(by: Person, *, at: datetime = AT, word: str = "csv", report: str = "pegawai", **query: str) -> Export:
    """As the door of files does."""
    scope = scope_of(by, at=at)
    assert scope is not None
    chosen = REPORTS[report]
    question, problems = read_question({"tahun": "2026"} | query, chosen.choices, scope=scope, at=at)
    assert not problems
    return jobs.start(chosen, question, word, by=by, total=len(chosen.table(question).lines), at=at)


def files() -> list[Path]:
    folder = Path(settings.EXPORTS_ROOT) / "laporan"
    return sorted(folder.iterdir()) if folder.is_dir() else []
