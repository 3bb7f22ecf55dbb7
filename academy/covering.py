"""An index that answers a question alone, on both databases."""

from __future__ import annotations

from typing import Any

from django.db import models
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.backends.ddl_references import Statement


class CoveringIndex(models.Index):
    """`include` rides along in the index; where the database has no INCLUDE, as further columns of the key."""

    def create_sql(
        self, model: type[models.Model], schema_editor: BaseDatabaseSchemaEditor, using: str = "", **kwargs: Any
    ) -> Statement:
        if schema_editor.connection.features.supports_covering_indexes or not self.include:
            return super().create_sql(model, schema_editor, using, **kwargs)
        whole = models.Index(fields=[*self.fields, *self.include], name=self.name, condition=self.condition)
        return whole.create_sql(model, schema_editor, using, **kwargs)
