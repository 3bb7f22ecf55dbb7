"""Turn Markdown into the blocks of a page. Containers (`::: name argument`) become the blocks that have a shape.

Every error names the file and the line. Ids are made from `key` and the position, so that the same text always gives
the same value. `academy.pages.markdown_writing` is the way back.
"""

from __future__ import annotations

import re
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import unquote

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from markdown_it import MarkdownIt
from markdown_it.token import Token
from mdit_py_plugins.container import container_plugin

from academy.pages.blocks import case_problems, check_problem, table_problem, video_problems
from academy.pages.content_files import ContentError, Fields, parse_mapping

NAMESPACE = uuid.UUID("0d5d4c3e-6f0a-5f3b-9f4e-1f6f1f8f7c11")
CONTAINER = "block"
ADDRESS = re.compile(r"^(https://|mailto:|/)", re.IGNORECASE)
# A link to a file of the same folder of files: it follows the file, not its address.
FILES = "files/"
# A link to a lesson or quiz of the same course, by its key.
LESSONS = "lessons/"
# Which cells of a table are headings, as Wagtail names it.
TABLES = {"tabel": "both", "tabel-baris": "row", "tabel-kolom": "column", "tabel-polos": "neither"}
CASE_PARTS = {"Situasi": "situation", "Tindakan": "action", "Hasil": "result", "Pertanyaan": "question"}
# What Wagtail's rich text stores for what Markdown writes.
STORED_TAGS = {"strong": "b", "em": "i"}
ROW_LINK = re.compile(r'<a href="(document|page):(\d+)">')
# What a text may not hold, in the words of whoever wrote it.
NAMES: dict[str, Promise] = {
    "blockquote": gettext_lazy("a quotation"),
    "code_block": gettext_lazy("a block of code"),
    "fence": gettext_lazy("a block of code"),
    "hr": gettext_lazy("a line across"),
    "html_block": gettext_lazy("HTML"),
    "html_inline": gettext_lazy("HTML"),
    "image": gettext_lazy("an image"),
    "table": gettext_lazy("a table"),
}
IN_TEXT = {"paragraph", "heading", "bullet_list", "ordered_list", "list_item", "inline"}
INLINE = {"text", "softbreak", "hardbreak", "strong", "em", "link", "code_inline"}

Block = dict[str, Any]


@dataclass(frozen=True)
class Source:
    """Where a text comes from, and what its blocks may point to, as primary keys; 0 for a lesson yet to be made."""

    path: Path
    first_line: int
    key: str
    images: Mapping[str, int] = field(default_factory=dict)
    documents: Mapping[str, int] = field(default_factory=dict)
    legal: Mapping[str, int] = field(default_factory=dict)
    lessons: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True)
class Container:
    """`raw` is the text between the two lines of colons, `line` the line of the first one."""

    source: Source
    name: str
    argument: str
    tokens: list[Token]
    raw: str
    line: int

    def error(self, problem: str, *, line: int | None = None) -> ContentError:
        return ContentError(self.source.path, line or self.line, f"::: {self.name}: {problem}")

    def needed_argument(self) -> str:
        if not self.argument:
            raise self.error(_("a title is missing after the name"))
        return self.argument

    def html(self) -> str:
        return _html(self.tokens, self.source)

    def fields(self) -> Fields:
        """The lines of the container, where they are YAML."""
        return parse_mapping(self.raw, path=self.source.path, first_line=self.line + 1)

    def plain_text(self) -> str:
        """The paragraphs without any markup, an empty line between them."""
        return self.plain(self.tokens)

    def plain(self, tokens: list[Token]) -> str:
        paragraphs = []
        for token in tokens:
            if token.type == "inline":
                paragraphs.append(_plain(token))
            elif not token.type.startswith("paragraph"):
                raise self.error(_("only paragraphs may stand here"), line=_line(token, self.source))
        return "\n\n".join(paragraphs)

    def refuse(self, problem: object) -> None:
        """An error if there is a problem, as the rules of the blocks tell it."""
        if problem:
            raise self.error(str(problem))


ContainerReader = Callable[[Container], tuple[str, Any]]


def blocks_of(text: str, source: Source) -> list[Block]:
    """The value of a StreamField, as JSON data."""
    lines = text.split("\n")
    values: list[tuple[str, Any]] = []
    pending: list[Token] = []

    def finish_text() -> None:
        if pending:
            values.append(("text", _html(pending, source)))
            pending.clear()

    tokens = _parser().parse(text)
    position = 0
    while position < len(tokens):
        token = tokens[position]
        if token.type != f"container_{CONTAINER}_open":
            pending.append(token)
            position += 1
            continue
        finish_text()
        end = next(i for i in range(position + 1, len(tokens)) if tokens[i].type == f"container_{CONTAINER}_close")
        values.append(_read(_container(token, tokens[position + 1 : end], lines, source)))
        position = end + 1
    finish_text()
    return [
        identified({"type": kind, "value": value}, f"{source.key}:{number}:{kind}")
        for number, (kind, value) in enumerate(values)
    ]


def identified(block: Block, name: str) -> Block:
    """The block with an id made from its name; so are the items of the lists in it."""
    value = block["value"]
    if isinstance(value, dict):
        value = {
            field: [identified(item, f"{name}:{field}:{number}") for number, item in enumerate(content)]
            if isinstance(content, list)
            else content
            for field, content in value.items()
        }
    return {"type": block["type"], "value": value, "id": str(uuid.uuid5(NAMESPACE, name))}


def items(values: list[Any]) -> list[Block]:
    """The value of a list in a block; ids come later."""
    return [{"type": "item", "value": value} for value in values]


def _parser() -> MarkdownIt:
    parser = MarkdownIt("commonmark", {"html": False}).enable("table")
    return parser.use(container_plugin, CONTAINER, validate=lambda _params, *_args: True)


def _container(opening: Token, inner: list[Token], lines: list[str], source: Source) -> Container:
    start, end = opening.map or [0, 0]
    name, _space, argument = opening.info.strip().partition(" ")
    container = Container(
        source=source,
        name=name,
        argument=argument.strip(),
        tokens=inner,
        raw="\n".join(lines[start + 1 : end]),
        line=source.first_line + start,
    )
    if any(token.type.startswith("container_") for token in inner):
        raise container.error(_("containers cannot stand in containers, or a closing line of ::: is missing"))
    if not any(line.strip() == ":::" for line in lines[end : end + 1]):
        raise container.error(_("the closing line of ::: is missing"))
    return container


def _read(container: Container) -> tuple[str, Any]:
    reader = CONTAINERS.get(container.name)
    if reader is None:
        raise container.error(_("there is no such container"))
    return reader(container)


def _line(token: Token, source: Source) -> int:
    return source.first_line + (token.map[0] if token.map else 0)


def _html(tokens: list[Token], source: Source) -> str:
    """Rich text as Wagtail stores it; refuses what rich text cannot hold."""
    depth = 0
    for token in tokens:
        kind = re.sub(r"_(open|close)$", "", token.type)
        if kind not in IN_TEXT:
            raise ContentError(source.path, _line(token, source), _misplaced(kind))
        if token.type == "heading_open" and token.tag not in {"h2", "h3"}:
            raise ContentError(
                source.path,
                _line(token, source),
                _("%(heading)s: only ## and ### are headings here") % {"heading": token.tag},
            )
        depth += {"list_item_open": 1, "list_item_close": -1}.get(token.type, 0)
        if depth and kind == "paragraph":
            token.hidden = True
        if token.type == "inline":
            _check_inline(token, source)
    html: str = _parser().renderer.render(tokens, _parser().options, {})
    return ROW_LINK.sub(r'<a linktype="\1" id="\2">', html).strip()


def _misplaced(kind: str) -> str:
    return _("%(kind)s: cannot stand in a text") % {"kind": NAMES.get(kind, kind)}


def _check_inline(token: Token, source: Source) -> None:
    line = _line(token, source)
    if token.content.lstrip().startswith(":::"):
        raise ContentError(source.path, line, _("a line of ::: closes nothing here, or lacks its name"))
    for child in token.children or []:
        kind = re.sub(r"_(open|close)$", "", child.type)
        if kind not in INLINE:
            raise ContentError(source.path, line, _misplaced(kind))
        if child.type == "link_open":
            _check_link(child, source, line)
        child.tag = STORED_TAGS.get(child.tag, child.tag)


def _check_link(token: Token, source: Source, line: int) -> None:
    address = str(token.attrs.get("href", ""))
    for start, kind, rows in ((FILES, "document", source.documents), (LESSONS, "page", source.lessons)):
        if address.startswith(start):
            name = unquote(address.removeprefix(start))
            if name not in rows:
                raise ContentError(source.path, line, _not_there(f"{start}{name}"))
            token.attrs["href"] = f"{kind}:{rows[name]}"
            return
    if not ADDRESS.match(address):
        raise ContentError(
            source.path, line, _("the address %(address)s is not https, mailto or ours") % {"address": repr(address)}
        )


def _not_there(name: str) -> str:
    return _("there is no %(name)s") % {"name": name}


def _plain(token: Token) -> str:
    texts = {"softbreak": " ", "hardbreak": "\n"}
    return "".join(texts.get(child.type, child.content) for child in token.children or [])


def _definition(container: Container) -> tuple[str, Any]:
    return "definition", {"term": container.needed_argument(), "text": container.html()}


def _example(container: Container) -> tuple[str, Any]:
    return "example", {"title": container.argument, "text": container.html()}


def _steps(container: Container) -> tuple[str, Any]:
    tokens = container.tokens
    if not tokens or tokens[0].type != "ordered_list_open" or tokens[-1].type != "ordered_list_close":
        raise container.error(_("expected one numbered list and nothing else"))
    if any(token.type == "ordered_list_open" and token.level == tokens[0].level for token in tokens[1:]):
        raise container.error(_("expected one numbered list, found several"))
    steps: list[list[Token]] = []
    level = tokens[0].level + 1
    for token in tokens[1:-1]:
        if token.type == "list_item_open" and token.level == level:
            steps.append([])
        elif not (token.type == "list_item_close" and token.level == level):
            steps[-1].append(token)
    for step in steps:
        for token in step:
            token.hidden = token.hidden and token.level != level + 1  # a step is a paragraph, however tight the list
    return "steps", {
        "title": container.argument,
        "steps": items([_html(step, container.source) for step in steps]),
    }


def _quote(container: Container) -> tuple[str, Any]:
    return "quote", {"text": container.plain_text(), "source": container.needed_argument()}


def _figure(container: Container) -> tuple[str, Any]:
    name = container.needed_argument()
    if name not in container.source.images:
        raise container.error(_not_there(f"figures/{name}"))
    fields = container.fields()
    value = {
        "image": container.source.images[name],
        "alt": fields.text("alt"),
        "caption": fields.text("caption", ""),
        "description": fields.text("description", ""),
    }
    fields.done()
    return "figure", value


def _file(container: Container) -> tuple[str, Any]:
    name = container.needed_argument()
    if name not in container.source.documents:
        raise container.error(_not_there(f"{FILES}{name}"))
    fields = container.fields()
    value = {"title": fields.text("title"), "document": container.source.documents[name]}
    fields.done()
    return "file", value


def _table(container: Container) -> tuple[str, Any]:
    return "table", {"caption": container.needed_argument(), "table": _cells(container, TABLES[container.name])}


def _comparison(container: Container) -> tuple[str, Any]:
    table = _cells(container, "both")
    container.refuse(table_problem(table["data"]))
    return "comparison", {"caption": container.needed_argument(), "table": table}


def _cells(container: Container, headings: str) -> dict[str, Any]:
    if not container.tokens or container.tokens[0].type != "table_open" or container.tokens[-1].type != "table_close":
        raise container.error(_("expected one table and nothing else"))
    rows: list[list[str]] = []
    for token in container.tokens:
        if token.type == "tr_open":
            rows.append([])
        elif token.type == "inline":
            rows[-1].append(_plain(token))
    return {
        "data": rows,
        "cell": [],
        "mergeCells": [],
        "table_caption": "",
        "table_header_choice": headings,
        "first_row_is_table_header": headings in {"both", "row"},
        "first_col_is_header": headings in {"both", "column"},
    }


def _term(container: Container) -> tuple[str, Any]:
    return "term", {"term": container.needed_argument(), "meaning": container.html()}


def _case(container: Container) -> tuple[str, Any]:
    parts: dict[str, list[Token]] = {}
    part: list[Token] | None = None
    for position, token in enumerate(container.tokens):
        if token.type == "heading_open" and token.tag == "h3":
            name = container.tokens[position + 1].content
            if name not in CASE_PARTS or CASE_PARTS[name] in parts:
                raise container.error(
                    _("### %(name)s: expected each of %(parts)s once") % {"name": name, "parts": ", ".join(CASE_PARTS)},
                    line=_line(token, container.source),
                )
            part = parts.setdefault(CASE_PARTS[name], [])
        elif part is None:
            raise container.error(
                _("expected ### %(name)s first") % {"name": next(iter(CASE_PARTS))}, line=_line(token, container.source)
            )
        else:
            part.append(token)
    # The heading's own text and end are no part of it.
    texts = {name: tokens[2:] for name, tokens in parts.items()}
    value = {
        "agency": container.needed_argument(),
        **{name: _html(texts.get(name, []), container.source) for name in ("situation", "action", "result")},
        "question": container.plain(texts.get("question", [])),
    }
    for title in ("Situasi", "Tindakan"):
        if not value[CASE_PARTS[title]]:
            raise container.error(_("### %(name)s is missing or empty") % {"name": title})
    container.refuse(next(iter(case_problems(value).values()), None))
    return "case", value


def _video(container: Container) -> tuple[str, Any]:
    fields = container.fields()
    name = fields.text("file", "")
    if name and name not in container.source.documents:
        raise fields.error("file", _not_there(f"{FILES}{name}"))
    value = {
        "title": container.needed_argument(),
        "link": fields.text("link", ""),
        "document": container.source.documents.get(name),
        "minutes": fields.number("minutes", least=1),
        "size_mb": fields.decimal("size_mb"),
        "transcript": fields.text("transcript"),
    }
    fields.done()
    for field_name, problem in video_problems(value).items():
        raise fields.error({"document": "file"}.get(field_name, field_name), str(problem))
    return "video", value


def _check(container: Container) -> tuple[str, Any]:
    fields = container.fields()
    question = fields.text("question")
    options = fields.mappings("options")
    values: list[dict[str, Any]] = [
        {
            "text": option.text("text"),
            "is_right": option.flag("right", default=False),
            "feedback": option.text("feedback"),
        }
        for option in options
    ]
    for each in (*options, fields):
        each.done()
    container.refuse(check_problem([option["is_right"] for option in values]))
    return "check", {"question": question, "options": items(values)}


def _text(container: Container) -> tuple[str, Any]:
    return "text", container.html()


def _legal_basis(container: Container) -> tuple[str, Any]:
    reference = _legal_reference(container, container.needed_argument())
    return "legal_basis", {"reference": reference, "note": container.plain_text()}


def _article(container: Container) -> tuple[str, Any]:
    key, _space, article = container.needed_argument().partition(" ")
    value = {
        "reference": _legal_reference(container, key),
        "article": article.strip(),
        "text": container.plain_text(),
    }
    if not value["article"] or not value["text"]:
        raise container.error(_("expected the key of the reference, the article, and below them its words"))
    return "article", value


def _legal_reference(container: Container, key: str) -> int:
    if key not in container.source.legal:
        raise container.error(_("there is no legal reference %(key)s") % {"key": key})
    return container.source.legal[key]


CONTAINERS: dict[str, ContainerReader] = {
    "teks": _text,  # a text right after a text; without it the two are one
    "definisi": _definition,
    "istilah": _term,
    "contoh": _example,
    "kasus": _case,
    "langkah": _steps,
    "kutipan": _quote,
    "gambar": _figure,
    "berkas": _file,
    "video": _video,
    **dict.fromkeys(TABLES, _table),
    "perbandingan": _comparison,
    "periksa": _check,
    "dasar-hukum": _legal_basis,
    "pasal": _article,
}
