"""From what the reader found to differences in the words of the certificate. Pure: no file, no database.

Of a NIP only the last four digits are compared and shown: a file may be sent by anybody, and an answer that told whether
the other digits are right would let them be guessed.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from difflib import SequenceMatcher
from typing import Any

from django.utils.formats import number_format
from django.utils.translation import gettext as _

from certificates import codes, wording
from certificates.facts import CertificateFacts
from certificates.verification import Answer, Difference

QUESTIONS = ("readable", "codes_agree", "signature", "text", "appearance")
LONGEST_SHOWN = 200  # characters
MOST_DIFFERENCES = 20
MOST_WORDS = 3000
A_COPY = 0.9  # with so much of the original unmoved a file was patched, not written anew by another program
A_SCAN = 0.05  # a picture without text that differs in so much of a page was scanned or drawn anew

_NIP = re.compile(r"\b[0-9]{8} ?[0-9]{6} ?([0-9]) ?([0-9]{3})\b")
_EDGES = ",.;:·()[]\u00a0"


@dataclass(frozen=True)
class Judgement:
    is_foreign: bool
    differences: tuple[Difference, ...]
    checks: dict[str, Answer]


@dataclass(frozen=True)
class Printed:
    """A fact as the paper prints it: what to look for, and what to show of it."""

    name: str
    text: str


def judge(
    claims: dict[str, Any], found: dict[str, Any] | None, facts: CertificateFacts, *, ours: frozenset[str]
) -> Judgement:
    """What differs, and which questions can be answered. `found` is None if nothing could be compared."""
    readable = bool(claims["readable"]) and (found is None or found["file"]["pages"] is not None)
    checks = dict.fromkeys(QUESTIONS, Answer.UNKNOWN) | {"readable": _answer(readable)}
    differences = _codes(claims, facts)
    checks["codes_agree"] = Answer.NO if differences else _answer(bool(claims["qr"]), otherwise=Answer.UNKNOWN)
    is_foreign = False
    if found is not None:
        signed = _signatures(found, ours)
        is_foreign = bool(signed["strangers"])
        checks["signature"] = signed["answer"]
        differences += signed["differences"] + _whole_file(found["bytes"]) + _parts(found)
        words, checks["text"] = _texts(found, facts)
        differences += words
        looks, checks["appearance"] = _pictures(found)
        if checks["appearance"] is Answer.YES and set(_stuck_on(found)) - {"link"}:
            checks["appearance"] = Answer.UNKNOWN  # fields and notes may look otherwise in other programs
        if not words:
            differences += looks
    if not readable and not differences:
        differences.append(Difference("file", _("damaged or made unreadable"), _("a sound PDF")))
    return Judgement(is_foreign, tuple(differences[:MOST_DIFFERENCES]), checks)


def _codes(claims: dict[str, Any], facts: CertificateFacts) -> list[Difference]:
    own = codes.grouped(facts.code)
    found = [Difference("code", codes.grouped(code), own) for code in claims["printed"] if code != facts.code]
    found += [Difference("qr", text, facts.verify_url) for text in claims["qr"] if text != facts.verify_url]
    strange = [code for code in claims["attached"] if code != facts.code]
    return found + [Difference("attachment", codes.grouped(code), own) for code in strange]


def _signatures(found: dict[str, Any], ours: frozenset[str]) -> dict[str, Any]:
    """A signature that fits is a yes only if it is by the key that signed the published file."""
    expected = {one["fingerprint"] for one in found["original"]["signatures"] or []}
    signatures = found["file"]["signatures"]
    if signatures is None:
        return {"answer": Answer.UNKNOWN, "strangers": [], "differences": []}
    strangers = [one for one in signatures if one["fingerprint"] not in expected | ours]
    own = [one for one in signatures if one["fingerprint"] in expected]
    answer = _answer(bool(own) and all(one["fits"] for one in own) and not strangers)
    if not expected and not signatures:
        answer = Answer.UNKNOWN
    signer = ", ".join(one["signer"] for one in found["original"]["signatures"] or [])
    differences = [Difference("signature", _shown(one["signer"]), _shown(signer)) for one in strangers]
    return {"answer": answer, "strangers": strangers, "differences": differences}


def _whole_file(compared: dict[str, Any]) -> list[Difference]:
    """Changes in a copy of the file itself, which leave most of it where it was."""
    size, original_size = compared["size"], compared["original_size"]
    issued = _("%(size)s bytes") % {"size": _grouped(original_size)}
    if compared["contains_original"]:
        return [Difference("file", _("%(count)s bytes added") % {"count": _grouped(size - original_size)}, issued)]
    if compared["is_part"]:
        return [Difference("file", _("%(count)s bytes missing") % {"count": _grouped(original_size - size)}, issued)]
    unmoved = compared["head"] + compared["tail"]
    if unmoved >= A_COPY * original_size:
        changed = max(size, original_size) - unmoved
        return [
            Difference("file", _("changed in place, within %(count)s bytes") % {"count": _grouped(changed)}, issued)
        ]
    return []


def _parts(found: dict[str, Any]) -> list[Difference]:
    """What the published file has not. What is missing was left out by the program that saved it."""
    inside, original = found["file"], found["original"]
    differences = []
    if inside["pages"] is not None and inside["pages"] != original["pages"]:
        differences.append(Difference("pages", str(inside["pages"]), str(original["pages"])))
    issued = original["attachments"]
    for name, sha256 in inside["attachments"].items():
        if issued.get(name) != sha256:
            differences.append(Difference("attachment", _shown(name), ", ".join(issued)))
    if inside["layers"] and not original["layers"]:
        differences.append(Difference("layers", _("layers that can be shown or hidden"), _("none")))
    if stuck_on := _stuck_on(found):
        words = {"field": _("form fields"), "link": _("links"), "note": _("notes or stamps")}
        told = ", ".join(word for kind, word in words.items() if kind in stuck_on)
        differences.append(Difference("laid_over", told, _("none")))
    if set(inside["active"] or []) - set(original["active"] or []):
        differences.append(Difference("actions", ", ".join(inside["active"]), _("none")))
    return differences


def _stuck_on(found: dict[str, Any]) -> Counter[str]:
    """How many fields, links and notes lie over the pages beyond those of the published file."""
    return Counter(found["file"]["laid_over"]) - Counter(found["original"]["laid_over"])


def _texts(found: dict[str, Any], facts: CertificateFacts) -> tuple[list[Difference], Answer]:
    """Fact by fact as both files print it; then whatever else was written, changed or left out."""
    text, original = (_NIP.sub(_masked, " ".join(found[name]["texts"])) for name in ("file", "original"))
    if not text.strip():
        return [], Answer.UNKNOWN
    if _compact(text) == _compact(original):
        return [], Answer.YES
    mine, issued = text.split()[:MOST_WORDS], original.split()
    changes = _Changes(mine, issued)
    differences = []
    for printed in _printed(facts):
        in_file = changes.of(printed.text)
        if in_file is not None:
            differences.append(Difference(printed.name, _shown(in_file), printed.text))
    differences += [Difference("text", _shown(words), "") for words in changes.others()]
    return differences or [Difference("text", _("other characters"), "")], Answer.NO


class _Changes:
    """Two texts word by word. What was asked for counts as told."""

    def __init__(self, mine: list[str], issued: list[str]) -> None:
        self._mine = mine
        self._issued = [_plain(word) for word in issued]
        matcher = SequenceMatcher(None, self._issued, [_plain(word) for word in mine], autojunk=False)
        self._steps = matcher.get_opcodes()
        self._told: set[int] = set()

    def of(self, text: str) -> str | None:
        """What stands in the file where the issued one has this text; None if it is there, or was not found there."""
        words = [_plain(word) for word in text.split()]
        places = range(len(self._issued) - len(words) + 1)
        found = [at for at in places if self._issued[at : at + len(words)] == words]
        return next((one for one in [self._within(at, at + len(words)) for at in found] if one is not None), None)

    def others(self) -> list[str]:
        """What else the file says, and the register does not."""
        untold = [step for place, step in enumerate(self._steps) if place not in self._told and step[0] != "equal"]
        return [" ".join(self._mine[start:end]) or _("left out") for _tag, _i, _j, start, end in untold]

    def _within(self, first: int, last: int) -> str | None:
        """What the file has for these issued words, None if the same."""
        found: list[str] = []
        is_changed = False
        for place, (tag, i1, i2, j1, j2) in enumerate(self._steps):
            if i1 >= last or i2 <= first:
                continue
            if tag == "equal":
                found += self._mine[j1 + max(first - i1, 0) : j2 - max(i2 - last, 0)]
                continue
            found += self._mine[j1:j2]
            is_changed = True
            self._told.add(place)
        return (" ".join(found) or _("left out")) if is_changed else None


def _pictures(found: dict[str, Any]) -> tuple[list[Difference], Answer]:
    """Pages that look different. A page of another size, or a scan, cannot be laid over the published one."""
    pictures = found["pictures"]
    if pictures is None or found["file"]["pages"] != found["original"]["pages"]:
        return [], Answer.UNKNOWN
    is_scan = not "".join(found["file"]["texts"]).strip() and any(one["share"] >= A_SCAN for one in pictures)
    if is_scan or not all(one["same_size"] for one in pictures):
        return [], Answer.UNKNOWN
    pages = [str(number) for number, one in enumerate(pictures, start=1) if one["share"]]
    if not pages:
        return [], Answer.YES
    seen = _("page %(pages)s looks different") % {"pages": ", ".join(pages)}
    return [Difference("appearance", seen, _("as issued"))], Answer.NO


def _printed(facts: CertificateFacts) -> Iterator[Printed]:
    """Every fact of the public page as the paper words it, but for NIPs."""
    for name in (
        "title", "number", "name", "grade", "position", "unit", "agency", "course", "run", "government",
        "organiser", "signatory", "signatory_position",
    ):  # fmt: skip
        if getattr(facts, name):
            yield Printed(name, getattr(facts, name))
    yield Printed("outcome", " ".join(facts.outcome.upper()))
    yield Printed("edition", f"Edisi {facts.edition}")
    yield Printed("learned_from", facts.period)
    yield Printed("completed_on", wording.day(date.fromisoformat(facts.completed_on)))
    yield Printed("credit_hours", f"{facts.credit_hours} ({facts.credit_hours_in_words}) jam pelajaran")
    if facts.score:
        yield Printed("score", f"{_decimal(facts.score)} (batas lulus {_decimal(facts.pass_mark)})")
    yield Printed("issued_on", f"{facts.place}, {wording.day(date.fromisoformat(facts.issued_on))}")
    if facts.ends:
        yield Printed("valid_until", facts.ends)
    yield Printed("code", codes.grouped(facts.code))
    for number, one in enumerate(facts.modules, start=1):
        row = f"{number} {one.title} {one.activities} {one.minutes} {_decimal(one.credit_hours)}"
        yield Printed("modules", row)


def _masked(nip: re.Match[str]) -> str:
    return f"••••{nip[1]}{nip[2]}"


def _plain(word: str) -> str:
    return word.casefold().strip(_EDGES)


def _compact(text: str) -> str:
    return "".join(text.split())


def _shown(text: str) -> str:
    return text if len(text) <= LONGEST_SHOWN else text[: LONGEST_SHOWN - 1] + "…"


def _grouped(number: int) -> str:
    return number_format(number, force_grouping=True)


def _decimal(text: str) -> str:
    return text.replace(".", ",")


def _answer(is_so: bool, *, otherwise: Answer = Answer.NO) -> Answer:
    return Answer.YES if is_so else otherwise
