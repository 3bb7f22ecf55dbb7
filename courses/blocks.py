"""The blocks of a lesson: those of any page, and the legal basis."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _
from wagtail import blocks
from wagtail.snippets.blocks import SnippetChooserBlock

from academy.pages.blocks import PAGE_BLOCKS


class LegalBasisBlock(blocks.StructBlock):
    reference = SnippetChooserBlock("courses.LegalReference", label=_("Legal reference"))
    note = blocks.TextBlock(label=_("Note"), required=False)

    class Meta:
        icon = "clipboard-list"
        label = _("Legal basis")
        template = "courses/blocks/legal_basis.html"


LESSON_BLOCKS = [*PAGE_BLOCKS, ("legal_basis", LegalBasisBlock())]
