"""StreamField blocks that any page may hold. Each has one small template under `pages/blocks/`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from django.core.exceptions import ValidationError
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from wagtail import blocks
from wagtail.blocks.struct_block import StructBlockValidationError
from wagtail.contrib.table_block.blocks import TableBlock as WagtailTableBlock
from wagtail.documents.blocks import DocumentChooserBlock
from wagtail.images.blocks import ImageChooserBlock

TEXT_FEATURES = ["h2", "h3", "bold", "italic", "code", "ol", "ul", "link", "document-link"]
SHORT_TEXT_FEATURES = ["bold", "italic", "code", "ol", "ul", "link"]
FEWEST_OPTIONS, MOST_OPTIONS = 2, 6
VIDEO_EXTENSIONS = ["mp4", "webm"]

# The groups in which the CMS offers the blocks.
READING = _("Text and terms")
SEEING = _("Pictures, tables and files")
DOING = _("Cases and practice")
LAW = _("Law")

Problems = dict[str, Promise]


def checked(value: Any, problems: Problems) -> Any:
    """The value, unless there are problems: then each is told beside its field."""
    if problems:
        raise StructBlockValidationError(
            {name: ValidationError(problem) for name, problem in problems.items()}  # type: ignore[arg-type]
        )
    return value


def https_problem(address: str) -> Promise | None:
    return None if address.startswith("https://") else _("The address must begin with https://.")


def table_problem(rows: Sequence[Sequence[str | None]]) -> Promise | None:
    """What keeps a table from comparing: a comparison needs two columns and a heading for each row and column."""
    if len(rows) < 2 or len(rows[0]) < 2:
        return _("A comparison needs two rows and two columns at least.")
    if not all((cell or "").strip() for cell in rows[0][1:]):
        return _("Write a heading over every column (first row).")
    if not all((row[0] or "").strip() for row in rows[1:]):
        return _("Write a heading before every row (first column).")
    return None


def check_problem(are_right: Sequence[bool]) -> Promise | None:
    """What keeps options, each right or not, from being a question."""
    if not FEWEST_OPTIONS <= len(are_right) <= MOST_OPTIONS:
        return _("Give 2 to 6 options.")
    if not any(are_right):
        return _("Mark at least one option as right.")
    if all(are_right):
        return _("Leave at least one option that is not right.")
    return None


def case_problems(case: Mapping[str, Any]) -> Problems:
    if not case["result"] and not case["question"]:
        return {"question": _("Write the result, or a question to discuss.")}
    return {}


def video_problems(video: Mapping[str, Any]) -> Problems:
    """A video is either a link with its size, or a file, whose size is known."""
    problems: Problems = {}
    link, document = video["link"], video["document"]
    if bool(link) == bool(document):
        problems["link"] = _("Give either a link or a file, not both.") if link else _("Give a link or a file.")
    elif link and (problem := https_problem(link)):
        problems["link"] = problem
    elif link and not video["size_mb"]:
        problems["size_mb"] = _("Write the size in MB: learners decide by it whether to open the link.")
    extension = getattr(document, "file_extension", None)
    if extension is not None and extension.lower() not in VIDEO_EXTENSIONS:
        problems["document"] = _("Choose an MP4 or WebM file.")
    return problems


class DefinitionBlock(blocks.StructBlock):
    term = blocks.CharBlock(label=_("Term"))
    text = blocks.RichTextBlock(label=_("Meaning"), features=SHORT_TEXT_FEATURES)

    class Meta:
        icon = "openquote"
        label = _("Definition")
        group = READING
        description = _("A term that the lesson relies on, and what it means.")
        template = "pages/blocks/definition.html"
        preview_value = {
            "term": "Layanan SPBE",
            "text": "<p>Keluaran yang berguna dan sampai kepada orang yang membutuhkannya.</p>",
        }


class TermBlock(blocks.StructBlock):
    term = blocks.CharBlock(label=_("Term"))
    meaning = blocks.RichTextBlock(label=_("Meaning"), features=SHORT_TEXT_FEATURES)

    class Meta:
        icon = "list-ul"
        label = _("Glossary term")
        group = READING
        description = _("A word to look up. Several in a row read as one glossary.")
        template = "pages/blocks/term.html"
        preview_value = {"term": "MFA", "meaning": "<p>Masuk dengan dua bukti yang berbeda jenis.</p>"}


class ExampleBlock(blocks.StructBlock):
    title = blocks.CharBlock(label=_("Title"), required=False)
    text = blocks.RichTextBlock(label=_("Text"), features=SHORT_TEXT_FEATURES)

    class Meta:
        icon = "pick"
        label = _("Example")
        group = DOING
        description = _("A short example from everyday work.")
        template = "pages/blocks/example.html"
        preview_value = {"title": "Dua kantor", "text": "<p>Warga Kantor B cukup datang sekali.</p>"}


class CaseBlock(blocks.StructBlock):
    agency = blocks.CharBlock(label=_("Agency"), help_text=_("Where it happened; say so if it is made up."))
    situation = blocks.RichTextBlock(label=_("Situation"), features=SHORT_TEXT_FEATURES)
    action = blocks.RichTextBlock(label=_("What was done"), features=SHORT_TEXT_FEATURES)
    result = blocks.RichTextBlock(label=_("Result"), features=SHORT_TEXT_FEATURES, required=False)
    question = blocks.TextBlock(label=_("Question to discuss"), required=False)

    class Meta:
        icon = "group"
        label = _("Case from an agency")
        group = DOING
        description = _("A situation, what was done, and how it ended or what to discuss.")
        template = "pages/blocks/case.html"
        preview_value = {
            "agency": "Puskesmas (rekaan)",
            "situation": "<p>Data pasien tersebar di tiga lembar kerja.</p>",
            "action": "<p>Petugas menyepakati satu lembar kerja bersama.</p>",
            "result": "",
            "question": "Apa langkah pertama di kantor Anda?",
        }

    def clean(self, value: Any) -> Any:
        return checked(value := super().clean(value), case_problems(value))


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
        group = SEEING
        description = _("An image with alternative text, caption and long description.")
        template = "pages/blocks/figure.html"


class TableBlock(blocks.StructBlock):
    caption = blocks.CharBlock(label=_("Caption"))
    table = WagtailTableBlock(label=_("Table"))

    class Meta:
        icon = "table"
        label = _("Table")
        group = SEEING
        description = _("Rows and columns; a wide table scrolls in itself on a phone.")
        template = "pages/blocks/table.html"


class ComparisonBlock(TableBlock):
    class Meta:
        icon = "table"
        label = _("Comparison table")
        group = SEEING
        description = _("Things side by side: the first row and the first column are headings.")
        template = "pages/blocks/comparison.html"
        preview_value = {
            "caption": "Dua cara masuk",
            "table": {
                "data": [
                    ["", "Kata sandi", "MFA"],
                    ["Bukti", "Satu", "Dua"],
                    ["Bila bocor", "Akun terbuka", "Tertahan"],
                ]
            },
        }

    def clean(self, value: Any) -> Any:
        value = super().clean(value)
        problem = table_problem(value["table"]["data"])
        return checked(value, {"table": problem} if problem else {})


class QuoteBlock(blocks.StructBlock):
    text = blocks.TextBlock(label=_("Quotation"))
    source = blocks.CharBlock(label=_("Source"))

    class Meta:
        icon = "openquote"
        label = _("Quotation")
        group = READING
        description = _("Somebody's exact words, and who said them where.")
        template = "pages/blocks/quote.html"
        preview_value = {"text": "Teknologi adalah alat.", "source": "Seorang widyaiswara"}


class StepsBlock(blocks.StructBlock):
    title = blocks.CharBlock(label=_("Title"), required=False)
    steps = blocks.ListBlock(blocks.RichTextBlock(features=["bold", "italic", "code", "link"]), label=_("Steps"))

    class Meta:
        icon = "list-ol"
        label = _("Steps")
        group = DOING
        description = _("What to do one after the other.")
        template = "pages/blocks/steps.html"
        preview_value = {"title": "Mengaktifkan MFA", "steps": ["<p>Pasang aplikasi.</p>", "<p>Pindai kode QR.</p>"]}


class FileBlock(blocks.StructBlock):
    title = blocks.CharBlock(label=_("Title"))
    document = DocumentChooserBlock(label=_("File"))

    class Meta:
        icon = "download"
        label = _("File to download")
        group = SEEING
        description = _("A file to keep; its kind and size are shown.")
        template = "pages/blocks/file.html"


class VideoBlock(blocks.StructBlock):
    title = blocks.CharBlock(label=_("Title"))
    link = blocks.URLBlock(
        label=_("Link"), required=False, help_text=_("Opens in its own page; nothing is loaded before.")
    )
    document = DocumentChooserBlock(
        label=_("Video file"), required=False, help_text=_("MP4 or WebM, instead of a link.")
    )
    minutes = blocks.IntegerBlock(label=_("Minutes"), min_value=1)
    size_mb = blocks.FloatBlock(
        label=_("Size in MB"), required=False, min_value=0.1, help_text=_("For a link; the size of a file is known.")
    )
    transcript = blocks.TextBlock(
        label=_("Transcript"), help_text=_("What is said and shown, for those who cannot hear, see or load the video.")
    )

    class Meta:
        icon = "media"
        label = _("Video")
        group = SEEING
        description = _("A link or a file with its transcript, length and size. It never starts by itself.")
        template = "pages/blocks/video.html"
        preview_value = {
            "title": "Mengenali surel palsu",
            "link": "https://example.go.id/video",
            "minutes": 3,
            "size_mb": 12,
            "transcript": "Periksa alamat pengirim.",
        }

    def clean(self, value: Any) -> Any:
        return checked(value := super().clean(value), video_problems(value))


class OptionBlock(blocks.StructBlock):
    text = blocks.CharBlock(label=_("Option"))
    is_right = blocks.BooleanBlock(label=_("This is right"), required=False)
    feedback = blocks.TextBlock(label=_("Feedback"), help_text=_("Why it is right or not. Learners read it at once."))

    class Meta:
        icon = "pick"
        label = _("Option")


class CheckBlock(blocks.StructBlock):
    question = blocks.TextBlock(label=_("Question"))
    options = blocks.ListBlock(OptionBlock(), label=_("Options"), min_num=FEWEST_OPTIONS, max_num=MOST_OPTIONS)

    class Meta:
        icon = "help"
        label = _("Check yourself")
        group = DOING
        description = _("A question with feedback at once. Nothing is stored or graded.")
        template = "pages/blocks/check.html"
        preview_value = {
            "question": "Siapa yang boleh mengetahui kode OTP Anda?",
            "options": [
                {"text": "Petugas yang menelepon", "is_right": False, "feedback": "Petugas tidak meminta kode OTP."},
                {"text": "Hanya Anda", "is_right": True, "feedback": "Kode itu kunci kedua Anda."},
            ],
        }

    def clean(self, value: Any) -> Any:
        value = super().clean(value)
        problem = check_problem([option["is_right"] for option in value["options"]])
        return checked(value, {"options": problem} if problem else {})


PAGE_BLOCKS = [
    (
        "text",
        blocks.RichTextBlock(
            label=_("Text"),
            features=TEXT_FEATURES,
            icon="pilcrow",
            group=READING,
            description=_("Paragraphs, headings and lists."),
            template="pages/blocks/text.html",
            preview_value="<p>Kantor sudah punya komputer. <b>Beban warga</b> belum berkurang.</p>",
        ),
    ),
    ("definition", DefinitionBlock()),
    ("term", TermBlock()),
    ("quote", QuoteBlock()),
    ("figure", FigureBlock()),
    ("table", TableBlock()),
    ("comparison", ComparisonBlock()),
    ("video", VideoBlock()),
    ("file", FileBlock()),
    ("example", ExampleBlock()),
    ("case", CaseBlock()),
    ("steps", StepsBlock()),
    ("check", CheckBlock()),
]
