"""The search of the CMS: modelsearch's backend of this database, safe for whatever is typed."""

from __future__ import annotations

from typing import Any

from modelsearch.backends import database


def SearchBackend(params: dict[str, Any]) -> Any:  # noqa: N802  the name that modelsearch looks for
    """On SQLite a quotation mark in a word ends modelsearch's quoting, and FTS5 answers with a syntax error: a 500.

    It tells words apart as a space does, and nothing is lost: FTS5 keeps no quotation marks.
    """
    backend = database.SearchBackend(params)
    search = backend._search

    def without_marks(compiler: Any, query: Any, *given: Any, **named: Any) -> Any:
        return search(compiler, query.replace('"', " ").strip() if isinstance(query, str) else query, *given, **named)

    backend._search = without_marks
    return backend
