"""Forms of images and files in the CMS: what an edition shows stays as its learners saw it."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from wagtail.documents.forms import BaseDocumentForm
from wagtail.images.forms import BaseImageForm

from courses.models import EditionAsset


class EditionFile:
    """Title and collection may change; another file may take the place only while no edition shows this one."""

    instance: Any
    changed_data: list[str]
    cleaned_data: dict[str, Any]

    def clean_file(self) -> Any:
        shown = {self.instance._meta.model_name: self.instance.pk}
        if self.instance.pk and "file" in self.changed_data and EditionAsset.objects.filter(**shown).exists():
            raise ValidationError(
                _("An edition shows this file, so it stays. Upload the other as a new file and put it into the lesson.")
            )
        return self.cleaned_data["file"]


class EditionImageForm(EditionFile, BaseImageForm):
    pass


class EditionDocumentForm(EditionFile, BaseDocumentForm):
    pass
