"""The place for a signature in a PDF that is being written: field, certification and room for the CMS.

The file is signed in its one and only revision. A signature added afterwards would need an incremental update, and
what a reader sees after an update is what attacks on signed PDFs are made of.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pydyf

BYTE_RANGE_WIDTH = 48  # characters, brackets included: four numbers of ten digits fit
_PLACE = re.compile(rb"/ByteRange (\[[0 ]{%d}\])\s*/Contents (<0+>)" % (BYTE_RANGE_WIDTH - 2))


class SlotError(Exception):
    """The file has no room for this signature."""


class _SignatureDictionary(pydyf.Dictionary):
    """Stays out of compressed object streams: its bytes are looked for and filled in after the file is written."""

    compressible = False


@dataclass(frozen=True)
class SignatureSlot:
    """Room for one certifying signature: `signed_at` as a PDF date, `size` the most bytes its CMS may have."""

    signed_at: str
    size: int
    name: str
    reason: str
    location: str

    def add_to(self, pdf: pydyf.PDF) -> None:
        """An invisible field on page one, tagged as ISO 14289-1 (7.18) asks; it certifies and allows no change."""
        signature = _SignatureDictionary(
            {
                "Type": "/Sig",
                "Filter": "/Adobe.PPKLite",
                "SubFilter": "/ETSI.CAdES.detached",
                "ByteRange": "[" + "0 0 0 0".ljust(BYTE_RANGE_WIDTH - 2) + "]",
                "Contents": "<" + "0" * (2 * self.size) + ">",
                "M": pydyf.String(self.signed_at),
                "Name": pydyf.String(self.name),
                "Reason": pydyf.String(self.reason),
                "Location": pydyf.String(self.location),
                "Reference": pydyf.Array([_no_changes()]),
            }
        )
        pdf.add_object(signature)
        page_reference = pdf.page_references[0]
        page = resolve(pdf, page_reference)
        structure = resolve(pdf, resolve(pdf, pdf.catalog["StructTreeRoot"])["K"][0])
        parents = resolve(pdf, resolve(pdf, pdf.catalog["StructTreeRoot"])["ParentTree"])["Nums"]
        position = max(parents[::2]) + 1
        widget = pydyf.Dictionary(
            {
                "Type": "/Annot",
                "Subtype": "/Widget",
                "FT": "/Sig",
                "T": pydyf.String("Tanda tangan"),
                "TU": pydyf.String("Tanda tangan elektronik"),
                "Rect": pydyf.Array([0, 0, 0, 0]),
                "F": 132,  # printed, locked
                "P": page_reference,
                "V": signature.reference,
                "StructParent": position,
            }
        )
        pdf.add_object(widget)
        link = pydyf.Dictionary({"Type": "/OBJR", "Obj": widget.reference, "Pg": page_reference})
        pdf.add_object(link)
        element = pydyf.Dictionary(
            {
                "Type": "/StructElem",
                "S": "/Form",
                "K": pydyf.Array([link.reference]),
                "Pg": page_reference,
                "P": structure.reference,
            }
        )
        pdf.add_object(element)
        structure["K"].append(element.reference)
        parents.extend([position, element.reference])
        page["Annots"] = pydyf.Array([*page.get("Annots", []), widget.reference])
        pdf.catalog["AcroForm"] = pydyf.Dictionary({"Fields": pydyf.Array([widget.reference]), "SigFlags": 3})
        pdf.catalog["Perms"] = pydyf.Dictionary({"DocMDP": signature.reference})


def fill(pdf: bytes, make_cms: Callable[[bytes], bytes]) -> bytes:
    """The file with its slot filled by `make_cms(SHA-256 of everything but the slot)`, a DER-encoded CMS.

    SlotError if there is no single empty slot, or the CMS is larger than the room for it.
    """
    places = list(_PLACE.finditer(pdf))
    if len(places) != 1:
        message = f"The file has {len(places)} empty signature slots, not one"
        raise SlotError(message)
    byte_range, contents = places[0].span(1), places[0].span(2)
    numbers = f"0 {contents[0]} {contents[1]} {len(pdf) - contents[1]}".ljust(BYTE_RANGE_WIDTH - 2)
    before = pdf[: byte_range[0]] + f"[{numbers}]".encode() + pdf[byte_range[1] : contents[0]]
    after = pdf[contents[1] :]
    cms = make_cms(hashlib.sha256(before + after).digest())
    room = contents[1] - contents[0] - 2
    if len(cms) * 2 > room:
        message = f"The signature has {len(cms)} bytes, the slot {room // 2}"
        raise SlotError(message)
    return before + b"<" + cms.hex().encode().ljust(room, b"0") + b">" + after


def _no_changes() -> pydyf.Dictionary:
    """DocMDP with P 1: whatever is changed after signing breaks the certification."""
    parameters = pydyf.Dictionary({"Type": "/TransformParams", "P": 1, "V": "/1.2"})
    return pydyf.Dictionary({"Type": "/SigRef", "TransformMethod": "/DocMDP", "TransformParams": parameters})


def resolve(pdf: pydyf.PDF, reference: Any) -> Any:
    """The object that a reference such as "12 0 R" means."""
    text = reference.decode() if isinstance(reference, bytes) else str(reference)
    return pdf.objects[int(re.split(r"\s", text, maxsplit=1)[0])]
