"""What a signer appended to a file of ours: one invisible signature and what belongs to it, or something else.

Stricter than the usual rules of incremental updates, which speak of changes after a signature: here every object of the
file that was sent must still be what it was, but for the few that have to name the new field.
"""

from __future__ import annotations

import io
from typing import Any

from pyhanko.pdf_utils import generic
from pyhanko.pdf_utils.reader import PdfFileReader

# What the signer may set in the catalog: none of it can be seen.
CATALOG = {"/AcroForm", "/DSS", "/Extensions", "/Metadata", "/Version"}


def is_one_invisible_signature(before: bytes, after: bytes) -> bool:
    """Whether `after` shows what `before` shows and holds one signature field more.

    It must begin with `before`. Raises whatever the PDF library raises for a damaged or hostile file.
    """
    old, new = PdfFileReader(io.BytesIO(before)), PdfFileReader(io.BytesIO(after))
    added = range(old.xrefs.total_revisions, new.xrefs.total_revisions)
    if any(new.xrefs.refs_freed_in_revision(revision) for revision in added):
        return False
    touched = {ref.idnum for revision in added for ref in new.xrefs.explicit_refs_in_revision(revision)}
    allowed = {_number(old.root_ref), *_metadata(old)}
    if "/AcroForm" in old.root or "/AcroForm" not in new.root:
        return False
    if _number(old.root_ref) != _number(new.root_ref) or not _same(old.root, new.root, but_for=CATALOG):
        return False
    widgets = []
    for old_page, new_page in zip(_pages(old), _pages(new), strict=True):
        if not _same(old_page, new_page, but_for={"/Annots"}):
            return False
        before_it, now = _annotations(old_page), _annotations(new_page)
        if now[: len(before_it)] != before_it:
            return False
        widgets += now[len(before_it) :]
        allowed |= {_number(old_page.container_ref), *_array_number(old_page)}
    known = {ref.idnum for revision in range(added.start) for ref in old.xrefs.explicit_refs_in_revision(revision)}
    return touched & known <= allowed and _is_one_signature(new, widgets)


def _is_one_signature(new: PdfFileReader, widgets: list[int]) -> bool:
    """One new field, of a signature, whose place on the page has no size."""
    form = new.root["/AcroForm"]
    fields = [_number(field) for field in _raw_items(form, "/Fields")]
    if len(fields) != 1 or widgets not in ([], fields) or "/XFA" in form:
        return False
    field = form["/Fields"][0]
    left, bottom, right, top = field["/Rect"]
    return field["/FT"] == "/Sig" and (left == right or bottom == top) and "/Kids" not in field


def _pages(reader: PdfFileReader) -> list[Any]:
    count = int(reader.root["/Pages"]["/Count"])
    return [reader.find_page_for_modification(number)[0].get_object() for number in range(count)]  # type: ignore[no-untyped-call]


def _same(old: Any, new: Any, *, but_for: set[str]) -> bool:
    keys = (set(old) | set(new)) - but_for
    return all(key in old and key in new and _written(old.raw_get(key)) == _written(new.raw_get(key)) for key in keys)


def _written(value: Any) -> bytes:
    target = io.BytesIO()
    value.write_to_stream(target)
    return target.getvalue()


def _annotations(page: Any) -> list[int]:
    return [_number(one) for one in _raw_items(page, "/Annots")]


def _raw_items(holder: Any, key: str) -> list[Any]:
    """References in a list that may be kept elsewhere; a value that is written in place counts as number -1."""
    if key not in holder:
        return []
    listed = holder[key]  # unlike get(), this follows a reference
    return [listed.raw_get(place) for place in range(len(listed))]


def _array_number(page: Any) -> list[int]:
    raw = page.raw_get("/Annots") if "/Annots" in page else None
    return [raw.idnum] if isinstance(raw, generic.IndirectObject) else []


def _metadata(reader: PdfFileReader) -> list[int]:
    found = [reader.root.raw_get("/Metadata")] if "/Metadata" in reader.root else []
    found += [reader.trailer.raw_get("/Info")] if "/Info" in reader.trailer else []
    return [one.idnum for one in found if isinstance(one, generic.IndirectObject)]


def _number(reference: Any) -> int:
    return reference.idnum if isinstance(reference, generic.Reference | generic.IndirectObject) else -1
