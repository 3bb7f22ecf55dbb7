"""Rich text as Wagtail stores it, read into nodes and written as Markdown.

Reading drops what makes no difference to readers: keys that the editor puts on paragraphs, empty paragraphs, spaces at the ends.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from html.parser import HTMLParser

from django.utils.translation import gettext as _
from markdown_it.common.normalize_url import normalizeLink

MARKS = {"b": "**", "i": "_"}
SAME_TAGS = {"strong": "b", "em": "i"}
BLOCKS = {"p", "h2", "h3", "ul", "ol"}
INLINE = {*MARKS, "code", "a", "br"}
KNOWN = BLOCKS | INLINE | {"li"}
ATTRIBUTES = {"a": {"href", "linktype", "id"}, "ol": {"start"}}
EDITOR_KEY = "data-block-key"
ENDS = " \t\n\r"

AT_LINE_START = re.compile(r"^(?:[#+\-=>~:|]|\d{1,9}(?=[.)]))")
SPECIAL = re.compile(r"([\\`*_\[\]<]|&(?=[#\w]))")
# Python ends lines at these too, and Markdown takes a tab for indentation.
ODD = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029]")


class UnknownMarkup(Exception):
    """A tag or an attribute that our rich text does not have."""


@dataclass
class Node:
    tag: str
    attributes: dict[str, str]
    children: list[Node | str]


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.open = [Node("", {}, [])]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        tag = SAME_TAGS.get(tag, tag)
        attributes = {name: value or "" for name, value in attrs if name != EDITOR_KEY}
        if tag not in KNOWN or attributes.keys() - ATTRIBUTES.get(tag, set()):
            raise UnknownMarkup(_("Markdown has nothing for %(tag)s") % {"tag": self.get_starttag_text()})
        if "href" in attributes:
            attributes["href"] = normalizeLink(attributes["href"])
        node = Node(tag, attributes, [])
        self.open[-1].children.append(node)
        if tag != "br":
            self.open.append(node)

    def handle_endtag(self, tag: str) -> None:
        if tag != "br" and len(self.open) > 1:
            self.open.pop()

    def handle_data(self, data: str) -> None:
        children = self.open[-1].children
        if children and isinstance(children[-1], str):
            children[-1] += data
        else:
            children.append(data)


def nodes_of(html: str) -> list[Node]:
    """The blocks of a rich text."""
    reader = _Reader()
    reader.feed(html)
    reader.close()
    return list(_blocks(reader.open[0].children))


def _blocks(children: list[Node | str]) -> Iterator[Node]:
    for child in children:
        if isinstance(child, str):
            if child.strip():
                raise UnknownMarkup(_("text outside of a paragraph: %(text)s") % {"text": repr(child.strip()[:40])})
        elif child.tag in {"ul", "ol"}:
            yield Node(child.tag, child.attributes, [_item(item) for item in child.children if isinstance(item, Node)])
        elif child.tag not in BLOCKS:
            raise UnknownMarkup(_("%(tag)s outside of a paragraph") % {"tag": f"<{child.tag}>"})
        elif inline := _trimmed(child.children):
            yield Node(child.tag, child.attributes, inline)


def _item(item: Node) -> Node:
    """An item of a list: a line of text, then lists in it."""
    first_list = next((i for i, each in enumerate(item.children) if _is_block(each)), len(item.children))
    return Node("li", {}, [*_trimmed(item.children[:first_list]), *_blocks(item.children[first_list:])])


def _is_block(child: Node | str) -> bool:
    return isinstance(child, Node) and child.tag in BLOCKS


def _trimmed(children: list[Node | str]) -> list[Node | str]:
    """Inline content without line breaks and spaces at its ends."""
    found = _cleaned(children)
    while found and _is_space(found[-1]):
        found.pop()
    while found and _is_space(found[0]):
        found.pop(0)
    if found and isinstance(found[0], str):
        found[0] = found[0].lstrip(ENDS)
    if found and isinstance(found[-1], str):
        found[-1] = found[-1].rstrip(ENDS)
    return found


def _cleaned(children: list[Node | str]) -> list[Node | str]:
    """Inline content without marks around nothing; marks and texts that follow their like are one with it."""
    found: list[Node | str] = []
    for child in children:
        last = found[-1] if found else None
        if isinstance(child, str):
            follows_break = isinstance(last, Node) and last.tag == "br"
            text = child.removeprefix("\n") if follows_break else child  # Markdown ends the line after <br />
            if isinstance(last, str):
                found[-1] = last + text
            elif text:
                found.append(text)
        elif child.tag not in INLINE:
            raise UnknownMarkup(_("%(tag)s in a line of text") % {"tag": f"<{child.tag}>"})
        elif child.tag in {"br", "code"}:
            found.append(child)
        elif child.tag in MARKS and isinstance(last, Node) and last.tag == child.tag:
            found[-1] = Node(child.tag, {}, _cleaned([*last.children, *child.children]))
        elif inner := _cleaned(child.children):
            found.append(Node(child.tag, child.attributes, inner))
    return found


def _is_space(child: Node | str) -> bool:
    return not child.strip(ENDS) if isinstance(child, str) else child.tag == "br"


Address = Callable[[Node], str]
Guard = Callable[[str], bool]


def written(nodes: list[Node], *, link: Address) -> str:
    """The Markdown of these blocks; `link` gives the address of an <a>."""
    parts: list[str] = []
    marks = {"ul": "-", "ol": "."}
    for position, node in enumerate(nodes):
        if node.tag in marks:
            if position and nodes[position - 1].tag == node.tag:  # else the two lists would be one
                marks[node.tag] = {"-": "+", "+": "-", ".": ")", ")": "."}[marks[node.tag]]
            parts.append(_list(node, marks[node.tag], link))
        else:
            heading = {"h2": "## ", "h3": "### "}.get(node.tag, "")
            text = _inline(node.children, link)
            parts.append(heading + (re.sub(r"(?<!\\)#(?=#*$)", r"\\#", text) if heading else text))
    return "\n\n".join(parts)


def _list(node: Node, mark: str, link: Address) -> str:
    lines = []
    start = int(node.attributes.get("start", 1))
    for number, item in enumerate(node.children, start=start):
        if isinstance(item, str):
            continue
        prefix = f"{mark} " if node.tag == "ul" else f"{number}{mark} "
        inline = [each for each in item.children if not _is_block(each)]
        lists = [each for each in item.children if isinstance(each, Node) and _is_block(each)]
        text = "\n".join(filter(None, [_inline(inline, link), written(lists, link=link)]))
        lines.append(prefix + "\n".join(_indented(text, len(prefix))))
    return "\n".join(lines)


def _indented(text: str, width: int) -> Iterator[str]:
    first, *rest = text.split("\n")
    yield first
    for line in rest:
        yield " " * width + line if line else ""


@dataclass(frozen=True)
class _Piece:
    """Text to be escaped, or Markdown."""

    text: str
    is_text: bool = False
    opens: bool = False
    closes: bool = False


NOTHING = _Piece("")
LINE_END = _Piece("\\\n")


def _inline(children: list[Node | str], link: Address) -> str:
    pieces = [NOTHING, *_pieces(children, link), NOTHING]
    result = ""
    for before, piece, after in zip(pieces, pieces[1:], pieces[2:], strict=False):
        if not piece.is_text:
            result += piece.text
            continue
        starts_line = not result or result.endswith("\n")
        ends_line = after in {NOTHING, LINE_END}
        result += _escaped(
            piece.text,
            starts_line=starts_line,
            first=_guard(inside=before.opens, outside=before.closes, line=starts_line),
            last=_guard(inside=after.closes, outside=after.opens, line=ends_line),
        )
        if after.text == "[" and result.endswith("!"):
            result = result[:-1] + "\\!"
    return result


def _guard(*, inside: bool, outside: bool, line: bool) -> Guard:
    """What may not stand here as it is: no space at the end of a line and inside of a mark, no letter beside one."""
    if outside:
        return str.isalnum
    return str.isspace if inside or line else _never


def _never(_character: str) -> bool:
    return False


def _pieces(children: list[Node | str], link: Address) -> Iterator[_Piece]:
    for child in children:
        if isinstance(child, str):
            yield _Piece(child, is_text=True)
        elif child.tag == "br":
            yield LINE_END
        elif child.tag == "code":
            yield _Piece(_code(child))
        elif child.tag == "a":
            yield _Piece("[")
            yield from _pieces(child.children, link)
            address = re.sub(r"([\\()<>])", r"\\\1", link(child).replace("&", "&amp;").replace(" ", "%20"))
            yield _Piece(f"]({address})")
        else:
            yield _Piece(MARKS[child.tag], opens=True)
            yield from _pieces(child.children, link)
            yield _Piece(MARKS[child.tag], closes=True)


def _code(node: Node) -> str:
    if any(isinstance(child, Node) for child in node.children):
        raise UnknownMarkup(_("markup inside of <code>"))
    text = "".join(str(child) for child in node.children)
    longest = max((len(run) for run in re.findall(r"`+", text)), default=0)
    fence = "`" * (longest + 1)
    room = " " if text[:1] in {"`", " "} or text[-1:] in {"`", " "} else ""
    return f"{fence}{room}{text}{room}{fence}"


def _escaped(text: str, *, starts_line: bool, first: Guard, last: Guard) -> str:
    """Text that Markdown reads as it stands here. Its line ends stay where a line stands on both sides."""
    lines = text.split("\n")
    result = ""
    for position, line in enumerate(lines):
        is_first, is_last = position == 0, position == len(lines) - 1
        if not is_first:
            result += "\n" if lines[position - 1] and line else "&#10;"
        start = _guarded(line[:1], first if is_first else str.isspace)
        line = line[len(line[:1]) :] if start else line
        end = _guarded(line[-1:], last if is_last else str.isspace)
        line = line[:-1] if end else line
        line = ODD.sub(lambda match: _entity(match[0]), SPECIAL.sub(_escape, line))
        if not start and (result.endswith("\n") or (is_first and starts_line)):
            line = AT_LINE_START.sub(_escape_start, line)
        result += start + line + end
    return result


def _guarded(character: str, guard: Guard) -> str:
    """An entity where the guard says so, otherwise nothing."""
    return _entity(character) if character and guard(character) else ""


def _escape_start(match: re.Match[str]) -> str:
    return match[0] + "\\" if match[0].isdigit() else "\\" + match[0]


def _escape(match: re.Match[str]) -> str:
    return "&amp;" if match[0] == "&" else "\\" + match[0]


def _entity(character: str) -> str:
    return f"&#{ord(character)};"
