"""What a file of units would do to a tree: pure, touches no database."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from django.utils.translation import gettext as _

from academy.people.roster.outcome import Outcome, Refusal
from academy.people.roster.unit_files import LABELS, LONGEST_NAME, UnitRow, key

DEEPEST = 60  # what the tree's path column holds, with some room
SAMPLES = 5


@dataclass(eq=False)
class Node:
    """A unit of the tree; `pk` is None while it is only planned, `row` the row of the file that names it."""

    name: str
    parent: Node | None
    pk: int | None = None
    path: str = ""  # of existing ones
    closed: bool = False
    row: int = 0
    children: dict[str, Node] = field(default_factory=dict)

    @property
    def depth(self) -> int:
        return sum(1 for _each in self.way())

    def way(self) -> Iterator[Node]:
        """From here up to the root."""
        node: Node | None = self
        while node is not None:
            yield node
            node = node.parent

    def words(self) -> str:
        """Where it hangs, without the agency: "Dinas A / Bidang B"."""
        return " / ".join(node.name for node in reversed([*self.way()][:-1]))


class Refused(Exception):
    """This row is not taken; which column is to blame, and the sentence."""

    def __init__(self, column: str, message: str) -> None:
        super().__init__(message)
        self.column = column


@dataclass
class Plan:
    """New units in an order in which each parent comes before its children."""

    read: int
    new: list[Node] = field(default_factory=list)
    unchanged: int = 0
    refusals: list[Refusal] = field(default_factory=list)

    def outcome(self) -> Outcome:
        samples = [
            {"nip": "", "name": node.name, "before": "", "after": node.parent.words() if node.parent else ""}
            for node in self.new[:SAMPLES]
        ]
        return Outcome(
            read=self.read,
            new=len(self.new),
            changed=0,
            moved=0,
            gone=0,
            unchanged=self.unchanged,
            refused=len(self.refusals),
            refusals=tuple(self.refusals),
            warnings=(),
            samples={"new": samples},
        )


def make_plan(rows: list[UnitRow], root: Node) -> Plan:
    """Hang the rows into the tree below `root`. Each row counts once: new, unchanged or refused."""
    return _Planner(rows, root).plan()


class _Planner:
    """The indexes that one run of `make_plan` needs."""

    def __init__(self, rows: list[UnitRow], root: Node) -> None:
        self.rows, self.root = rows, root
        self.nodes: dict[int, Node] = {}  # index of a row → where it ended up
        self.refused: dict[int, Refused] = {}
        self.parents: dict[int, int] = {}  # index of a row → index of the row it hangs below
        self.above: dict[int, Node] = {}  # index of a row → the existing unit it hangs below
        self.namesakes: dict[int, list[Node]] = {}  # index → existing units that bear its parent's name too
        self.by_name: dict[str, list[int]] = defaultdict(list)
        self.by_code: dict[str, list[int]] = defaultdict(list)
        self.existing: dict[str, list[Node]] = defaultdict(list)
        for index, row in enumerate(rows):
            self.by_name[key(row.name)].append(index)
            if row.code:
                self.by_code[key(row.code)].append(index)
        for node in _below(root):
            self.existing[key(node.name)].append(node)
        self.result = Plan(read=len(rows))

    def plan(self) -> Plan:
        for index, row in enumerate(self.rows):
            try:
                self._check(row)
                self._find_parent(index, row)
            except Refused as refusal:
                self.refused[index] = refusal
        visited: set[int] = set()
        for index in range(len(self.rows)):
            self._settle_with_parents(index, visited)
        for index in sorted(self.refused):
            row, reason = self.rows[index], self.refused[index]
            value = getattr(row, reason.column)[:LONGEST_NAME]
            self.result.refusals.append(Refusal(row.row, LABELS[reason.column], value, str(reason)))
        return self.result

    def _check(self, row: UnitRow) -> None:
        if not row.name:
            raise Refused("name", _("The unit has no name."))
        if len(row.name) > LONGEST_NAME:
            raise Refused(
                "name",
                _("The name has %(length)d characters; at most %(most)d are kept.")
                % {"length": len(row.name), "most": LONGEST_NAME},
            )
        if row.name[0] in "=+-@":
            raise Refused("name", _("This is a formula, not a name. Paste the values instead."))
        if row.code and len(self.by_code[key(row.code)]) > 1:
            raise Refused("code", _("Several rows have this code."))

    def _find_parent(self, index: int, row: UnitRow) -> None:
        """Note the row or the existing unit that this row hangs below."""
        if row.parent_code:
            found = self.by_code.get(key(row.parent_code), [])
            if len(found) != 1:
                text = _("Several rows have this code.") if found else _("No row of the file has this code.")
                raise Refused("parent_code", text)
            self.parents[index] = found[0]
        elif row.parent:
            self._by_words(index, row.parent, column="parent", within=row.department)
        elif row.department and key(row.department) != key(row.name):
            self._by_words(index, row.department, column="department", top=True)
        else:
            self.above[index] = self.root

    def _by_words(self, index: int, words: str, *, column: str, within: str = "", top: bool = False) -> None:
        """Find the parent by its name; if nobody bears it, by its path."""
        if key(words) == key(self.root.name):
            self.above[index] = self.root
            return
        rows, nodes = self.by_name.get(key(words), []), self.existing.get(key(words), [])
        if not rows and not nodes:
            rows, nodes = self._by_path(words)
        if within:
            rows = self._narrow_rows(rows, within) or rows
            nodes = [node for node in nodes if key(within) in {key(each.name) for each in node.way()}] or nodes
        if top:
            rows = [each for each in rows if self._hangs_on_top(self.rows[each])]
            nodes = [node for node in nodes if node.parent is self.root]
        others = [each for each in rows if each != index]
        if rows and not others and not nodes:
            raise Refused(column, _("A unit cannot hang below itself."))
        if len(others) > 1 or (not others and len(nodes) > 1):
            raise Refused(
                column, _('Several units have this name. Write the whole path, such as "Dinas A / Bidang B".')
            )
        if others:
            self.parents[index] = others[0]
            self.namesakes[index] = nodes
        elif nodes:
            self.above[index] = nodes[0]
        else:
            raise Refused(column, _("No unit of the agency and no row of the file has this name."))

    def _narrow_rows(self, rows: list[int], department: str) -> list[int]:
        wanted = key(department)
        return [each for each in rows if wanted in {key(self.rows[each].department), key(self.rows[each].name)}]

    def _hangs_on_top(self, row: UnitRow) -> bool:
        if row.parent_code:
            return False
        return key(row.parent) in {"", key(self.root.name)} and key(row.department) in {"", key(row.name)}

    def _by_path(self, words: str) -> tuple[list[int], list[Node]]:
        """Rows and units whose path ends like these words: "Dinas A / Bidang B"."""
        *before, last = [part for part in (key(part) for part in re.split(r"\s*[>/]\s*", words)) if part] or [""]
        if before and before[0] == key(self.root.name):
            before = before[1:]
        nodes = [node for node in self.existing.get(last, []) if _ends_with(node, before)]
        rows = [each for each in self.by_name.get(last, []) if self._row_ends_with(each, before)]
        return rows, nodes

    def _row_ends_with(self, index: int, before: list[str]) -> bool:
        row = self.rows[index]
        if not before:
            return self._hangs_on_top(row)
        named = key(re.split(r"\s*[>/]\s*", row.parent)[-1]) if row.parent else ""
        return before[-1] == named or (not row.parent and before == [key(row.department)])

    def _settle_with_parents(self, index: int, visited: set[int]) -> None:
        """Settle this row after all those it hangs below; a ring of rows is refused."""
        chain: list[int] = []
        here: int | None = index
        while here is not None and here not in visited:
            visited.add(here)
            chain.append(here)
            here = self.parents.get(here) if here not in self.refused else None
        if here is not None and here in chain:
            for each in chain[chain.index(here) :]:
                column = "parent_code" if self.rows[each].parent_code else "parent"
                self.refused[each] = Refused(column, _("The units of these rows hang below each other in a ring."))
        for each in reversed(chain):
            if each not in self.refused:
                try:
                    self._settle(each)
                except Refused as refusal:
                    self.refused[each] = refusal

    def _settle(self, index: int) -> None:
        row = self.rows[index]
        column = next((name for name in ("parent_code", "parent", "department") if getattr(row, name)), "name")
        parent = self._parent(index, column)
        if parent.closed:
            raise Refused(column, _("The unit it hangs below is closed."))
        present = parent.children.get(key(row.name))
        if present is not None:
            if present.row:
                raise Refused(
                    "name", _("Row %(row)d names the same unit below the same parent.") % {"row": present.row}
                )
            if present.closed:
                raise Refused("name", _("A unit with this name was closed here. Open it again instead."))
            present.row = row.row
            self.result.unchanged += 1
            self.nodes[index] = present
            return
        if parent.depth >= DEEPEST:
            raise Refused(column, _("The tree would be deeper than %(most)d levels.") % {"most": DEEPEST})
        node = Node(name=row.name, parent=parent, row=row.row)
        parent.children[key(row.name)] = node
        self.nodes[index] = node
        self.result.new.append(node)

    def _parent(self, index: int, column: str) -> Node:
        if index in self.above:
            return self.above[index]
        above = self.parents[index]
        if above not in self.nodes:
            raise Refused(column, _("Row %(row)d, which it hangs below, was refused.") % {"row": self.rows[above].row})
        node = self.nodes[above]
        namesakes = self.namesakes.get(index)
        if namesakes and namesakes != [node]:
            raise Refused(
                column, _('Several units have this name. Write the whole path, such as "Dinas A / Bidang B".')
            )
        return node


def _below(root: Node) -> Iterable[Node]:
    waiting = list(root.children.values())
    while waiting:
        node = waiting.pop()
        yield node
        waiting.extend(node.children.values())


def _ends_with(node: Node, before: list[str]) -> bool:
    above = [key(each.name) for each in list(node.way())[1:-1]]
    return above[: len(before)] == before[::-1]
