"""Write the blocks of a page as the Markdown that `academy.pages.markdown` reads: the way back, for packages.

Every block is read again after it was written. What would come back otherwise is refused with `NotInMarkdown`, so that
nothing is lost in silence. Not told apart: ids, the keys that the CMS puts on paragraphs, spaces around a text.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

from django.utils.translation import gettext as _

from academy.pages.content_files import ContentError
from academy.pages.markdown import CASE_PARTS, FILES, LESSONS, TABLES, Block, Source, blocks_of
from academy.pages.rich_text import ODD, Node, UnknownMarkup, nodes_of, written

HEADINGS = {choice: name for name, choice in TABLES.items()}
# What YAML cannot hold between quotes, and what some readers take for the end of a line.
UNPRINTABLE = re.compile("[\x7f-\x9f\u2028\u2029\ufeff\ufffe\uffff]")
# Lines that mean nothing else to YAML or Markdown may stand as they are.
PLAIN_LINES = re.compile(r"(?:(?=[\w“\"'(])(?!.*:::)[^\x00-\x1f\x7f-\x9f\u2028\u2029\ufeff\ufffe\uffff]*\n{1,2})+")
RICH = {
    "definition": {"text"},
    "term": {"meaning"},
    "example": {"text"},
    "case": {"situation", "action", "result"},
}


class NotInMarkdown(Exception):
    """A block holds what Markdown cannot carry."""


@dataclass(frozen=True)
class Names:
    """What images, documents, legal references and lessons are called beside the text, by primary key."""

    images: Mapping[int, str]
    documents: Mapping[int, str]
    legal: Mapping[int, str]
    lessons: Mapping[int, str]

    def source(self) -> Source:
        return Source(
            path=Path("text"),
            first_line=1,
            key="",
            images={name: pk for pk, name in self.images.items()},
            documents={name: pk for pk, name in self.documents.items()},
            legal={name: pk for pk, name in self.legal.items()},
            lessons={name: pk for pk, name in self.lessons.items()},
        )


def markdown_of(
    blocks: list[Block],
    *,
    images: Mapping[int, str],
    documents: Mapping[int, str],
    legal: Mapping[int, str],
    lessons: Mapping[int, str],
) -> str:
    """The text of these blocks (`raw_data` of a StreamField); the maps name by primary key what blocks point to."""
    names = Names(images, documents, legal, lessons)
    source = names.source()
    parts: list[str] = []
    previous = ""
    for number, block in enumerate(blocks, start=1):
        kind = block["type"]
        try:
            part = _container(kind, block["value"], names, after=previous)
            _read_back(part, block, source)
        except (NotInMarkdown, UnknownMarkup, ContentError) as error:
            raise NotInMarkdown(
                _("block %(number)d (%(kind)s): %(problem)s") % {"number": number, "kind": kind, "problem": error}
            ) from error
        parts.append(part)
        previous = kind
    return "\n\n".join(parts) + "\n"


def _read_back(text: str, block: Block, source: Source) -> None:
    if [_plainly(each) for each in blocks_of(text, source)] != [_plainly(block)]:
        raise NotInMarkdown(_("Markdown cannot carry it as it is"))


def _container(kind: str, value: Any, names: Names, *, after: str) -> str:
    if kind == "text":
        text = _rich(value, names)
        return text if text and after != "text" else _block("teks", "", text)
    if kind not in WRITERS:
        raise NotInMarkdown(_("no container carries this kind of block"))
    return WRITERS[kind](value, names)


def _block(name: str, argument: str, *parts: str) -> str:
    if ODD.search(argument):
        raise NotInMarkdown(_("%(text)s does not fit in one line") % {"text": repr(argument)})
    return "\n".join([f"::: {name} {argument}".rstrip(), *filter(None, parts), ":::"])


def _rich(html: str, names: Names) -> str:
    return written(nodes_of(html), link=lambda node: _address(node, names))


def _address(link: Node, names: Names) -> str:
    kind = link.attributes.get("linktype")
    if kind == "document":
        return FILES + quote(_named(names.documents, int(link.attributes["id"]), _("file")))
    if kind == "page" and int(link.attributes["id"]) in names.lessons:
        return LESSONS + quote(names.lessons[int(link.attributes["id"])])
    if kind is not None:
        raise NotInMarkdown(_("a link to a page outside the course has no name in a package; link its address instead"))
    return link.attributes.get("href", "")


def _plain(text: str | None) -> str:
    """A text without markup as paragraphs, each of its line ends kept."""
    paragraphs = _unified(text).split("\n\n")
    return written([Node("p", {}, _lines(paragraph)) for paragraph in paragraphs if paragraph], link=_no_link)


def _no_link(_node: Node) -> str:
    return ""


def _lines(paragraph: str) -> list[Node | str]:
    first, *rest = paragraph.split("\n")
    return [first, *(part for line in rest for part in (Node("br", {}, []), line))]


def _named(names: Mapping[int, str], pk: int | None, what: str) -> str:
    if pk is None or pk not in names:
        raise NotInMarkdown(_("%(what)s number %(number)s is not in the package") % {"what": what, "number": pk})
    return names[pk]


def _unified(text: str | None) -> str:
    """As forms and pages treat it: one kind of line end, one empty line between paragraphs, no space at the ends."""
    return re.sub(r"\n{3,}", "\n\n", (text or "").replace("\r\n", "\n")).strip()


def _yaml(name: str, value: str | float | bool, indent: str = "") -> str:
    if isinstance(value, str) and "\n" in value and PLAIN_LINES.fullmatch(value + "\n"):
        lines = "\n".join(f"{indent}  {line}" if line else "" for line in value.split("\n"))
        return f"{indent}{name}: |-\n{lines}"
    quoted = UNPRINTABLE.sub(lambda match: f"\\u{ord(match[0]):04x}", json.dumps(value, ensure_ascii=False))
    return f"{indent}{name}: {quoted}"


def _some(fields: Mapping[str, Any]) -> list[str]:
    """A line of YAML for each field that is not empty."""
    return [_yaml(name, value) for name, value in fields.items() if value]


def _definition(value: Any, names: Names) -> str:
    return _block("definisi", _unified(value["term"]), _rich(value["text"], names))


def _term(value: Any, names: Names) -> str:
    return _block("istilah", _unified(value["term"]), _rich(value["meaning"], names))


def _example(value: Any, names: Names) -> str:
    return _block("contoh", _unified(value.get("title")), _rich(value["text"], names))


def _case(value: Any, names: Names) -> str:
    texts = {name: _rich(value.get(name) or "", names) for name in ("situation", "action", "result")}
    texts["question"] = _plain(value.get("question"))
    parts = [f"### {title}\n\n{texts[name]}" for title, name in CASE_PARTS.items() if texts[name]]
    return _block("kasus", _unified(value["agency"]), "\n\n".join(parts))


def _quote(value: Any, _names: Names) -> str:
    return _block("kutipan", _unified(value["source"]), _plain(value["text"]))


def _steps(value: Any, names: Names) -> str:
    steps = []
    for number, step in enumerate(_items(value["steps"]), start=1):
        mark = f"{number}. "
        steps.append(mark + _rich(step, names).replace("\n", "\n" + " " * len(mark)))
    text = "\n".join(line.rstrip(" ") for line in "\n".join(steps).split("\n"))
    return _block("langkah", _unified(value.get("title")), text)


def _items(values: list[Any]) -> list[Any]:
    """The values of a list in a block, of either form in which Wagtail stores them."""
    return [each["value"] if isinstance(each, dict) and "value" in each else each for each in values]


def _figure(value: Any, names: Names) -> str:
    fields = {name: _unified(value.get(name)) for name in ("alt", "caption", "description")}
    return _block("gambar", _named(names.images, value["image"], _("image")), *_some(fields))


def _file(value: Any, names: Names) -> str:
    name = _named(names.documents, value["document"], _("file"))
    return _block("berkas", name, _yaml("title", _unified(value["title"])))


def _video(value: Any, names: Names) -> str:
    document, size = value.get("document"), value.get("size_mb")
    fields = {
        "link": value.get("link"),
        "file": _named(names.documents, document, _("file")) if document else None,
        "minutes": value["minutes"],
        "size_mb": int(size) if size and size == int(size) else size,  # 12 reads back as 12.0
        "transcript": _unified(value["transcript"]),
    }
    return _block("video", _unified(value["title"]), *_some(fields))


def _check(value: Any, _names: Names) -> str:
    lines = [_yaml("question", _unified(value["question"])), "options:"]
    for option in _items(value["options"]):
        lines += [
            "- " + _yaml("text", _unified(option["text"])),
            *([_yaml("right", value=True, indent="  ")] if option["is_right"] else []),
            _yaml("feedback", _unified(option["feedback"]), indent="  "),
        ]
    return _block("periksa", "", *lines)


def _table(value: Any, _names: Names) -> str:
    return _block(HEADINGS[_headings(value["table"])], _unified(value["caption"]), _rows(value["table"]))


def _comparison(value: Any, _names: Names) -> str:
    return _block("perbandingan", _unified(value["caption"]), _rows(value["table"]))


def _rows(table: Any) -> str:
    first, *rest = _cells(table)
    return "\n".join(_row(row) for row in [first, ["---"] * len(first), *rest])


def _row(cells: list[str]) -> str:
    return "| " + " | ".join(cell if cell == "---" else _cell(cell) for cell in cells) + " |"


def _cell(text: str) -> str:
    """A line end in a cell is written as an entity, a bar escaped."""
    return "&#10;".join("\\|".join(_line(part) for part in line.split("|")) for line in text.split("\n"))


def _line(text: str) -> str:
    return written([Node("p", {}, [text])], link=_no_link)


def _cells(table: Any) -> list[list[str]]:
    rows = [["" if cell is None else str(cell).replace("\r\n", "\n") for cell in row] for row in table["data"]]
    if not rows or not rows[0]:
        raise NotInMarkdown(_("the table has no cells"))
    return rows


def _headings(table: Any) -> str:
    row, column = table.get("first_row_is_table_header"), table.get("first_col_is_header")
    return {(True, True): "both", (True, False): "row", (False, True): "column"}.get(
        (bool(row), bool(column)), "neither"
    )


def _legal_basis(value: Any, names: Names) -> str:
    key = _named(names.legal, value["reference"], _("legal reference"))
    return _block("dasar-hukum", key, _plain(value.get("note")))


def _article(value: Any, names: Names) -> str:
    key = _named(names.legal, value["reference"], _("legal reference"))
    return _block("pasal", f"{key} {_unified(value['article'])}", _plain(value["text"]))


WRITERS: dict[str, Callable[[Any, Names], str]] = {
    "definition": _definition,
    "term": _term,
    "example": _example,
    "case": _case,
    "quote": _quote,
    "steps": _steps,
    "figure": _figure,
    "file": _file,
    "video": _video,
    "check": _check,
    "table": _table,
    "comparison": _comparison,
    "legal_basis": _legal_basis,
    "article": _article,
}


def _plainly(block: Block) -> tuple[str, Any]:
    """What a block says, without what does not matter: two blocks that say the same are equal here."""
    kind, value = block["type"], block["value"]
    if kind == "text":
        return kind, nodes_of(value)
    fields: dict[str, Any] = {}
    for name, content in value.items():
        if name == "table":
            fields[name] = (_cells(content), "both" if kind == "comparison" else _headings(content))
        elif name == "steps":
            fields[name] = [nodes_of(step) for step in _items(content)]
        elif name == "options":
            fields[name] = [
                (_unified(each["text"]), bool(each["is_right"]), _unified(each["feedback"])) for each in _items(content)
            ]
        elif name in RICH.get(kind, set()):
            fields[name] = nodes_of(content or "")
        else:
            fields[name] = _unified(content) if isinstance(content, str) else content
    return kind, {name: content for name, content in fields.items() if content not in (None, "", [])}
