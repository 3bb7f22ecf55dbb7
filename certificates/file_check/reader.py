"""The program that opens a stranger's file, in a process of its own: it limits itself first, then reads, then answers.

Started by `sandbox`, without Django, settings, secrets or a database. Standard input: a line of JSON
({"task", "sizes"}), then the files one after the other. Standard output: one JSON object. Nothing is written to disk.
"""

from __future__ import annotations

import hashlib
import io
import json
import re
import resource
import sys
import zlib
from itertools import pairwise
from typing import Any

CPU_SECONDS = 6
MEMORY_BYTES = 512 * 1024 * 1024
OPEN_FILES = 64

MOST_PAGES = 8
MOST_CHARACTERS = 30_000  # of a page
MOST_FOUND = 5
MOST_LAID_OVER = 50  # of a page
MOST_CARVED_BYTES = 2_000_000
MOST_ATTACHMENT_BYTES = 2_000_000
PIXELS = 2200  # the longer side of a page when it is drawn
# Another program sets glyphs up to two pixels elsewhere: within this neighbourhood a pixel may find its like. What is
# left is averaged over squares. Measured: another program's copy leaves 3 of 255, one changed digit of 9 pt 17.
NEIGHBOURHOOD = 5
SQUARE = 8
NOTICEABLE = 10
GROUP = "[0-9A-HJKMNP-TV-Z]{4}"
CODE = re.compile(rf"(?<![0-9A-Za-z-])({GROUP})-({GROUP})-({GROUP})-({GROUP})(?![0-9A-Za-z-])")
ADDRESS = re.compile(rb"/V/([0-9A-HJKMNP-TV-Z]{16})(?![0-9A-Za-z])")
STREAM = re.compile(rb"stream\r?\n")


def limit_itself() -> None:
    """No new processes, no file longer than nothing, little memory, few seconds; no core dump."""
    for what, most in (
        (resource.RLIMIT_CPU, CPU_SECONDS),
        (resource.RLIMIT_AS, MEMORY_BYTES),
        (resource.RLIMIT_FSIZE, 0),
        (resource.RLIMIT_NPROC, 0),
        (resource.RLIMIT_NOFILE, OPEN_FILES),
        (resource.RLIMIT_CORE, 0),
    ):
        _soft, hard = resource.getrlimit(what)
        most = most if hard == resource.RLIM_INFINITY else min(most, hard)
        resource.setrlimit(what, (most, most))


def claims(content: bytes) -> dict[str, Any]:
    """The codes that a file shows: printed, in QR codes, in attachments; carved from its streams if it cannot be opened."""
    import pypdfium2

    try:
        document = pypdfium2.PdfDocument(content)
        pages = len(document)
    except pypdfium2.PdfiumError:
        return carve(content)
    printed: list[str] = []
    scanned: list[str] = []
    for number in range(min(pages, MOST_PAGES)):
        printed += _printed_codes(_text(document[number]))
        if number < 2 and len(scanned) < MOST_FOUND:
            scanned += _qr_texts(document[number])
    attached = [code for _name, data in _attachments(document) for code in _addressed(data)]
    if not (printed or scanned or attached):
        attached = _carved(content)
    return {"readable": True, "printed": _few(printed), "qr": _few(scanned), "attached": _few(attached)}


def carve(content: bytes) -> dict[str, Any]:
    """The same of a file that cannot be opened, or only at a price nobody pays: codes in single streams."""
    return {"readable": False, "printed": [], "qr": [], "attached": _carved(content)}


def compare(content: bytes, original: bytes) -> dict[str, Any]:
    """How a file differs from the one that was published. Texts are as read; who compares them knows the facts."""
    return {
        "bytes": _compare_bytes(content, original),
        "file": _inside(content),
        "original": _inside(original),
        "pictures": _compare_pictures(content, original),
    }


def _inside(content: bytes) -> dict[str, Any]:
    import pypdfium2

    try:
        document = pypdfium2.PdfDocument(content)
        texts = [_text(document[number]) for number in range(min(len(document), MOST_PAGES))]
        attachments = {name: hashlib.sha256(data).hexdigest() for name, data in _attachments(document)}
        laid_over = [one for number in range(min(len(document), MOST_PAGES)) for one in _laid_over(document[number])]
        found = {"pages": len(document), "texts": texts, "attachments": attachments, "laid_over": laid_over}
    except pypdfium2.PdfiumError:
        found = {"pages": None, "texts": [], "attachments": {}, "laid_over": []}
    return found | _structure(content)


def _laid_over(page: Any) -> list[str]:
    """What lies over a page without being of it: fields, links, notes. Not all of it is drawn here, as viewers draw it."""
    from pypdfium2 import raw

    kinds = {raw.FPDF_ANNOT_WIDGET: "field", raw.FPDF_ANNOT_LINK: "link"}
    found = []
    for number in range(min(raw.FPDFPage_GetAnnotCount(page), MOST_LAID_OVER)):
        annotation = raw.FPDFPage_GetAnnot(page, number)
        kind = kinds.get(raw.FPDFAnnot_GetSubtype(annotation), "note")
        if kind != "field" or _has_area(annotation):  # a signature that is not shown is a field without an area
            found.append(kind)
        raw.FPDFPage_CloseAnnot(annotation)
    return found


def _has_area(annotation: Any) -> bool:
    from pypdfium2 import raw

    place = raw.FS_RECTF()
    is_known = raw.FPDFAnnot_GetRect(annotation, place)
    return not is_known or (place.left != place.right and place.top != place.bottom)


def _structure(content: bytes) -> dict[str, Any]:
    """Signatures and what a paper cannot have: layers, actions. None for what cannot be looked for."""
    from pyhanko.pdf_utils.reader import PdfFileReader

    try:
        reader = PdfFileReader(io.BytesIO(content), strict=False)
        if reader.encrypted:  # for nobody: whoever opens it needs no password, and so does its forger
            reader.decrypt("")
        root = reader.root
        names, form = _part(root, "/Names"), _part(root, "/AcroForm")
        active = [key for key in ("/OpenAction", "/AA") if key in root]
        active += [key for key in ("/JavaScript",) if key in names]
        active += [key for key in ("/XFA",) if key in form]
        active += _actions_of_pages(root["/Pages"])
        return {
            "layers": "/OCProperties" in root,
            "active": active,
            "revisions": reader.xrefs.total_revisions,
            "signatures": [_signature(one) for one in reader.embedded_regular_signatures[:MOST_FOUND]],
        }
    except Exception:  # noqa: BLE001  whatever a hostile file makes the library raise
        return {"layers": None, "active": None, "revisions": None, "signatures": None}


def _part(root: Any, name: str) -> Any:
    """A dictionary of the catalogue, empty if there is none; an update may leave a reference to it."""
    found = root.get(name, {})
    return found.get_object() if hasattr(found, "get_object") else found


def _actions_of_pages(tree: Any) -> list[str]:
    """What pages, and what lies over them, do when they are shown or touched. Links are told as such."""
    found: list[str] = []
    waiting = [tree]
    for _turn in range(MOST_PAGES * 4):
        if not waiting:
            break
        node = waiting.pop()
        waiting += [kid.get_object() for kid in list(node.get("/Kids", []))[:MOST_PAGES]]
        over = [one.get_object() for one in list(node.get("/Annots", []))[:MOST_LAID_OVER]]
        found += [key for key in ("/AA",) if key in node]
        found += [key for one in over for key in ("/A", "/AA") if key in one and one.get("/Subtype") != "/Link"]
    return list(dict.fromkeys(found))


def _signature(signature: Any) -> dict[str, Any]:
    """Who signed, and whether the signature fits all of the file. Whom to trust the register knows."""
    import asyncio

    from pyhanko.sign.validation import async_validate_pdf_signature
    from pyhanko.sign.validation.status import SignatureCoverageLevel
    from pyhanko_certvalidator import ValidationContext

    certificate = signature.signer_cert
    found = {
        "fingerprint": hashlib.sha256(certificate.dump()).hexdigest(),
        "signer": str(certificate.subject.native.get("common_name", ""))[:200],
        "fits": False,
    }
    try:
        context = ValidationContext(trust_roots=[], allow_fetching=False)
        status = asyncio.run(async_validate_pdf_signature(signature, context))
    except Exception:  # noqa: BLE001  a signature that cannot be computed does not fit
        return found
    covers_all = status.coverage == SignatureCoverageLevel.ENTIRE_FILE
    return found | {"fits": bool(status.intact and status.valid and covers_all)}


def _compare_bytes(content: bytes, original: bytes) -> dict[str, Any]:
    """How much of the original stands unmoved at the beginning and at the end."""
    shorter = min(len(content), len(original))
    head = _common(content[:shorter], original[:shorter])
    tail = _common(content[::-1][: shorter - head], original[::-1][: shorter - head])
    place = original.find(content) if len(content) < len(original) else content.find(original)
    return {
        "size": len(content),
        "original_size": len(original),
        "head": head,
        "tail": tail,
        "contains_original": len(content) > len(original) and place >= 0,
        "is_part": len(content) < len(original) and place >= 0,
    }


def _common(first: bytes, second: bytes) -> int:
    low, high = 0, min(len(first), len(second))
    while low < high:
        middle = (low + high + 1) // 2
        if first[:middle] == second[:middle]:
            low = middle
        else:
            high = middle - 1
    return low


def _compare_pictures(content: bytes, original: bytes) -> list[dict[str, Any]] | None:
    """Page by page, as drawn: the share of squares that differ. None if one of the files cannot be drawn."""
    import pypdfium2

    try:
        drawn, issued = pypdfium2.PdfDocument(content), pypdfium2.PdfDocument(original)
        count = min(len(drawn), len(issued), MOST_PAGES)
        return [_compare_page(drawn[number], issued[number]) for number in range(count)]
    except pypdfium2.PdfiumError:
        return None


def _compare_page(drawn: Any, issued: Any) -> dict[str, Any]:
    """Whether the page has the size it had, and the share of its squares that look different."""
    from PIL import ImageChops

    first, second = _picture(drawn), _picture(issued)
    if abs(first.width - second.width) > 2 or abs(first.height - second.height) > 2:
        return {"same_size": False, "share": 1.0}
    whole = (0, 0, min(first.width, second.width), min(first.height, second.height))
    first, second = first.crop(whole), second.crop(whole)
    box = ImageChops.difference(first, second).getbbox()
    if box is None:
        return {"same_size": True, "share": 0.0}
    room = 2 * SQUARE
    box = (max(box[0] - room, 0), max(box[1] - room, 0), min(box[2] + room, whole[2]), min(box[3] + room, whole[3]))
    first, second = first.crop(box), second.crop(box)
    different = sum(map(_is_noticeable, zip(_left_over(first, second), _left_over(second, first), strict=True)))
    return {"same_size": True, "share": different * SQUARE * SQUARE / (whole[2] * whole[3])}


def _left_over(image: Any, other: Any) -> bytes:
    """Square by square, by how much a picture is lighter or darker than anything of the other nearby."""
    from PIL import ImageChops, ImageFilter

    lighter = ImageChops.subtract(image, other.filter(ImageFilter.MaxFilter(NEIGHBOURHOOD)))
    darker = ImageChops.subtract(other.filter(ImageFilter.MinFilter(NEIGHBOURHOOD)), image)
    return bytes(ImageChops.lighter(lighter.reduce(SQUARE), darker.reduce(SQUARE)).tobytes())


def _is_noticeable(values: tuple[int, ...]) -> bool:
    return max(values) >= NOTICEABLE


def _picture(page: Any) -> Any:
    width, height = page.get_size()
    return page.render(scale=PIXELS / max(width, height, 1.0), grayscale=True).to_pil()


def _text(page: Any) -> str:
    text: str = page.get_textpage().get_text_bounded()[:MOST_CHARACTERS]
    return text


def _printed_codes(text: str) -> list[str]:
    return ["".join(groups) for groups in CODE.findall(text)]


def _qr_texts(page: Any) -> list[str]:
    import zxingcpp

    found = zxingcpp.read_barcodes(_picture(page), formats=zxingcpp.BarcodeFormats([zxingcpp.BarcodeFormat.QRCode]))
    return [one.text[:200] for one in found[:MOST_FOUND]]


def _attachments(document: Any) -> list[tuple[str, bytes]]:
    found = []
    for number in range(min(document.count_attachments(), MOST_FOUND)):
        attachment = document.get_attachment(number)
        found.append((attachment.get_name()[:100], bytes(attachment.get_data())[:MOST_ATTACHMENT_BYTES]))
    return found


def _addressed(data: bytes) -> list[str]:
    return [code.decode() for code in ADDRESS.findall(data)]


def _carved(content: bytes) -> list[str]:
    """Codes in whatever streams can still be unpacked, each up to a limit."""
    found, left = _addressed(content), MOST_CARVED_BYTES
    starts = [match.end() for match in STREAM.finditer(content)] + [len(content)]
    for start, end in pairwise(starts[:500]):
        try:
            data = zlib.decompressobj().decompress(content[start:end], left)
        except zlib.error:
            continue
        found += _addressed(data)
        left -= len(data)
        if found or left <= 0:
            break
    return _few(found)


def _few(found: list[str]) -> list[str]:
    return list(dict.fromkeys(found))[:MOST_FOUND]


def _run(task: str, files: list[bytes]) -> dict[str, Any]:
    if task == "compare":
        return compare(*files)
    return carve(*files) if task == "carve" else claims(*files)


def main() -> None:
    limit_itself()
    asked = json.loads(sys.stdin.buffer.readline())
    files = [sys.stdin.buffer.read(size) for size in asked["sizes"]]
    sys.stdout.write(json.dumps(_run(asked["task"], files)))


if __name__ == "__main__":
    main()
