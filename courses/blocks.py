"""The blocks of a lesson: those of any page, the legal basis and the words of an article."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _
from wagtail import blocks
from wagtail.snippets.blocks import SnippetChooserBlock

from academy.pages.blocks import LAW, PAGE_BLOCKS


class LegalBasisBlock(blocks.StructBlock):
    reference = SnippetChooserBlock("courses.LegalReference", label=_("Legal reference"))
    note = blocks.TextBlock(label=_("Note"), required=False)

    class Meta:
        icon = "clipboard-list"
        label = _("Legal basis")
        group = LAW
        description = _("A place in a regulation in our own words, with the day it was checked.")
        template = "courses/blocks/legal_basis.html"


class ArticleBlock(blocks.StructBlock):
    reference = SnippetChooserBlock("courses.LegalReference", label=_("Legal reference"))
    article = blocks.CharBlock(label=_("Article and paragraph"), help_text=_("For example: Pasal 7 ayat (2)."))
    text = blocks.TextBlock(label=_("Quoted words"), help_text=_("Exactly as the regulation has them."))

    class Meta:
        icon = "openquote"
        label = _("Quotation of an article")
        group = LAW
        description = _("The exact words of an article. Says by itself when the regulation was replaced.")
        template = "courses/blocks/article.html"


LESSON_BLOCKS = [*PAGE_BLOCKS, ("legal_basis", LegalBasisBlock()), ("article", ArticleBlock())]
