"""Whether two values differ where nothing is a value, too: two nothings are the same."""

from __future__ import annotations

from typing import Any

from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import BooleanField, Func
from django.db.models.sql.compiler import SQLCompiler


class IsDistinct(Func):
    template, arg_joiner = "(%(expressions)s)", " IS DISTINCT FROM "
    arity = 2
    output_field = BooleanField()

    def as_sqlite(self, compiler: SQLCompiler, connection: BaseDatabaseWrapper, **context: Any) -> Any:
        return super().as_sql(compiler, connection, arg_joiner=" IS NOT ", **context)
