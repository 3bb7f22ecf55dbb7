"""Whether a file of a package is what its name says, seen in its bytes, and nothing in it can run."""

from __future__ import annotations

import io
import re
import warnings
import zipfile
from pathlib import Path
from xml.etree.ElementTree import ParseError

from defusedxml import DefusedXmlException  # type: ignore[import-untyped]
from defusedxml.ElementTree import iterparse  # type: ignore[import-untyped]
from django.utils.translation import gettext as _
from PIL import Image

TEXT_KINDS = {"yaml", "md"}
MOST_OF_AN_SVG = 512 * 2**10
MOST_OF_AN_IMAGE = 10 * 2**20
MOST_PIXELS = 40_000_000
MOST_PARTS = 2000  # of an office file
BEGINNINGS = {
    "png": (b"\x89PNG\r\n\x1a\n", 0),
    "jpg": (b"\xff\xd8\xff", 0),
    "jpeg": (b"\xff\xd8\xff", 0),
    "gif": (b"GIF8", 0),
    "webp": (b"WEBP", 8),
    "pdf": (b"%PDF-", 0),
    "mp4": (b"ftyp", 4),
    "webm": (b"\x1a\x45\xdf\xa3", 0),
}
IMAGES = {"png": "PNG", "jpg": "JPEG", "jpeg": "JPEG", "gif": "GIF", "webp": "WEBP"}
# The part that each office file has, and what in it can run.
OFFICE = {
    "docx": "word/document.xml",
    "xlsx": "xl/workbook.xml",
    "pptx": "ppt/presentation.xml",
    "odt": "content.xml",
    "ods": "content.xml",
}
RUNS_IN_OFFICE = re.compile(
    r"vbaproject|/activex/|/embeddings/|^basic/|^scripts/|\.(?:exe|dll|js|vbs|zip)$", re.IGNORECASE
)
PROGRAMS = (b"MZ", b"\x7fELF", b"PK\x03\x04", b"#!", b"\xd0\xcf\x11\xe0", b"%PDF", b"\x1f\x8b")
HTML = re.compile(rb"\A[\s\xef\xbb\xbf]*<(?:!doctype|html|script|\?xml|svg)", re.IGNORECASE)

SVG = "{http://www.w3.org/2000/svg}"
SVG_ELEMENTS = re.compile(
    "circle|clipPath|defs|desc|ellipse|fe(?:Blend|ColorMatrix|Composite|DropShadow|Flood|GaussianBlur|Merge|MergeNode|"
    "Offset)|filter|g|line|linearGradient|marker|mask|metadata|path|pattern|polygon|polyline|radialGradient|rect|stop|"
    "style|svg|switch|symbol|text|textPath|title|tspan|use|view"
)
HREF = "href"
# What fetches or runs, also in CSS; escapes could hide any of it.
ACTIVE_CSS = re.compile(
    r"@import|expression\s*\(|javascript:|data:|-moz-binding|behavior\s*:|\\|image-set", re.IGNORECASE
)
URL = re.compile(r"url\s*\(\s*(['\"]?)(.)", re.IGNORECASE | re.DOTALL)


def file_problem(path: Path) -> str:
    """What is wrong with the content of this file, in the words of whoever packed it; empty if nothing is."""
    kind = path.suffix.lower()[1:]
    if kind in TEXT_KINDS:
        return _text_problem(path.read_bytes())
    if kind == "svg":
        return _svg_problem(path)
    if kind in OFFICE:
        return _office_problem(path, OFFICE[kind])
    if kind in BEGINNINGS:
        beginning, offset = BEGINNINGS[kind]
        if _beginning(path)[offset : offset + len(beginning)] != beginning:
            return _not_its_kind()
        return _image_problem(path, IMAGES[kind]) if kind in IMAGES else ""
    return _table_problem(path)


def _not_its_kind() -> str:
    return _("the content is not what the name says")


def _beginning(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.read(1024)


def _text_problem(content: bytes) -> str:
    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError as error:
        line = content[: error.start].count(b"\n") + 1
        return _("line %(line)d is not UTF-8 text") % {"line": line}
    if re.search("[\x00-\x08\x0e-\x1f\x7f]", text):
        return _("has a control character")
    return ""


def _table_problem(path: Path) -> str:
    """CSV and plain text: text, and not the beginning of something else."""
    content = path.read_bytes()
    if content.startswith(PROGRAMS) or HTML.match(content):
        return _not_its_kind()
    return _text_problem(content)


def _image_problem(path: Path, form: str) -> str:
    if path.stat().st_size > MOST_OF_AN_IMAGE:
        return _("an image may have at most %(most)d MB") % {"most": MOST_OF_AN_IMAGE // 2**20}
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            with Image.open(path, formats=[form]) as image:
                if image.width * image.height > MOST_PIXELS:
                    return _("the image has too many pixels")
                image.verify()
    except (Image.DecompressionBombWarning, Image.DecompressionBombError):
        return _("the image has too many pixels")
    except (OSError, SyntaxError, ValueError, EOFError, IndexError, TypeError, OverflowError):
        return _("the image is damaged")
    return ""


def _office_problem(path: Path, part: str) -> str:
    """An office file is a ZIP too, which is not unpacked here: only its table of contents is looked at."""
    try:
        with path.open("rb") as file:
            size = file.seek(0, io.SEEK_END)
            file.seek(max(0, size - 22))
            if int.from_bytes(file.read()[12:16], "little") > MOST_PARTS * 300:
                return _("has too many parts")
            with zipfile.ZipFile(file) as archive:
                names = archive.namelist()
    except (zipfile.BadZipFile, ValueError, NotImplementedError, OSError):
        return _not_its_kind()
    if part not in names:
        return _not_its_kind()
    if any(RUNS_IN_OFFICE.search(name) for name in names):
        return _("holds a macro or another file, which is not taken")
    return _("has too many parts") if len(names) > MOST_PARTS else ""


def _svg_problem(path: Path) -> str:
    content = path.read_bytes()
    if len(content) > MOST_OF_AN_SVG:
        return _("a drawing may have at most %(most)d kB") % {"most": MOST_OF_AN_SVG // 2**10}
    if problem := _text_problem(content):
        return problem
    if re.search(rb"<!doctype|<!entity|<\?(?!xml\s)", content, re.IGNORECASE):
        return _("a drawing may have no DOCTYPE and no style sheet of its own file")
    try:
        for number, (_event, element) in enumerate(iterparse(io.BytesIO(content), events=("start",), forbid_dtd=True)):
            if number == 0 and element.tag != f"{SVG}svg":
                return _not_its_kind()
            if problem := _element_problem(element.tag, element.attrib):
                return problem
        for _event, element in iterparse(io.BytesIO(content), events=("end",), forbid_dtd=True):
            if element.tag == f"{SVG}style" and (len(element) or _css_problem(element.text or "")):
                return _css_words()
    except (ParseError, DefusedXmlException, ValueError, LookupError):
        return _not_its_kind()
    return ""


def _element_problem(tag: object, attributes: dict[str, str]) -> str:
    name = str(tag)
    if name.startswith(SVG) and not SVG_ELEMENTS.fullmatch(name.removeprefix(SVG)):
        return _("a drawing may not hold <%(element)s>") % {"element": name.removeprefix(SVG)[:40]}
    if not name.startswith(SVG):
        return _("a drawing may hold only elements of SVG")
    for attribute, value in attributes.items():
        local = attribute.rpartition("}")[2].lower()
        if local.startswith("on"):
            return _("a drawing may hold no event handler (%(attribute)s)") % {"attribute": local[:40]}
        if (local == HREF or local == "src") and not value.startswith("#"):
            return _("a drawing may point to nothing outside itself")
        if local == "base" or _css_problem(value):
            return _css_words()
    return ""


def _css_words() -> str:
    return _("a drawing may fetch nothing and run nothing, also not by its styles")


def _css_problem(text: str) -> bool:
    return bool(ACTIVE_CSS.search(text)) or any(match[2] != "#" for match in URL.finditer(text))
