"""StreamField blocks that any page may hold. Each has one small template under `pages/blocks/`."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _
from wagtail import blocks
from wagtail.contrib.table_block.blocks import TableBlock as WagtailTableBlock
from wagtail.documents.blocks import DocumentChooserBlock
from wagtail.images.blocks import ImageChooserBlock

TEXT_FEATURES = ["h2", "h3", "bold", "italic", "code", "ol", "ul", "link", "document-link"]
SHORT_TEXT_FEATURES = ["bold", "italic", "code", "ol", "ul", "link"]


class DefinitionBlock(blocks.StructBlock):
    term = blocks.CharBlock(label=_("Term"))
    text = blocks.RichTextBlock(label=_("Meaning"), features=SHORT_TEXT_FEATURES)

    class Meta:
        icon = "openquote"
        label = _("Definition")
        template = "pages/blocks/definition.html"


class ExampleBlock(blocks.StructBlock):
    title = blocks.CharBlock(label=_("Title"), required=False)
    text = blocks.RichTextBlock(label=_("Text"), features=SHORT_TEXT_FEATURES)

    class Meta:
        icon = "pick"
        label = _("Example")
        template = "pages/blocks/example.html"


class FigureBlock(blocks.StructBlock):
    image = ImageChooserBlock(label=_("Image"))
    alt = blocks.CharBlock(
        label=_("Alternative text"), help_text=_("What the image says, for those who do not see it.")
    )
    caption = blocks.CharBlock(label=_("Caption"), required=False)
    description = blocks.TextBlock(label=_("Long description"), required=False)

    class Meta:
        icon = "image"
        label = _("Figure")
        template = "pages/blocks/figure.html"


class TableBlock(blocks.StructBlock):
    caption = blocks.CharBlock(label=_("Caption"))
    table = WagtailTableBlock(label=_("Table"))

    class Meta:
        icon = "table"
        label = _("Table")
        template = "pages/blocks/table.html"


class QuoteBlock(blocks.StructBlock):
    text = blocks.TextBlock(label=_("Quotation"))
    source = blocks.CharBlock(label=_("Source"))

    class Meta:
        icon = "openquote"
        label = _("Quotation")
        template = "pages/blocks/quote.html"


class StepsBlock(blocks.StructBlock):
    title = blocks.CharBlock(label=_("Title"), required=False)
    steps = blocks.ListBlock(blocks.RichTextBlock(features=["bold", "italic", "code", "link"]), label=_("Steps"))

    class Meta:
        icon = "list-ol"
        label = _("Steps")
        template = "pages/blocks/steps.html"


class FileBlock(blocks.StructBlock):
    title = blocks.CharBlock(label=_("Title"))
    document = DocumentChooserBlock(label=_("File"))

    class Meta:
        icon = "download"
        label = _("File to download")
        template = "pages/blocks/file.html"


PAGE_BLOCKS = [
    (
        "text",
        blocks.RichTextBlock(
            label=_("Text"), features=TEXT_FEATURES, icon="pilcrow", template="pages/blocks/text.html"
        ),
    ),
    ("definition", DefinitionBlock()),
    ("example", ExampleBlock()),
    ("figure", FigureBlock()),
    ("table", TableBlock()),
    ("quote", QuoteBlock()),
    ("steps", StepsBlock()),
    ("file", FileBlock()),
]
