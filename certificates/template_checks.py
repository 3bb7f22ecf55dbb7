"""What a draft must pass before its template may issue. Each answer is a yes or no with a sentence of Indonesian.

The judges are others than the drawing itself: page-validation for PDF/A and PDF/UA, PDFium for what is seen on the
page, ZXing for the QR code. The sentences are stored with the version and not translated.
"""

from __future__ import annotations

import io
import re
import threading
import unicodedata
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date
from functools import lru_cache
from typing import Any

from certificates import conformance, wording
from certificates.facts import CertificateFacts
from certificates.rendering import ASSETS, RenderError, render_pdf
from certificates.template_drafts import Draft

MM = 72 / 25.4
PAPER = (297.0, 210.0)  # mm, A4 landscape
LINE = 6.0  # mm: letters that stand further apart in height are on two lines
FRAME = 24.0  # mm from each edge of the paper to the inner line of the border
SIGNATURE_TOP = 147.0  # mm from the top: above it stands the text, below it the signatory
DOTS = 150  # per inch, as a phone or a scanner sees the paper
BLANK = re.compile(r"[\s\u00ad\u200b\ufffe\x02-]+")
STANDARDS = {"3a": "PDF/A-3a", "ua1": "PDF/UA-1"}
MOST_NAMED = 3

WORDS = {
    "muat": "Halaman depan memuat semua isinya.",
    "huruf": "Semua huruf tersedia pada huruf cetak.",
    "3a": "Berkas memenuhi PDF/A-3a (arsip jangka panjang).",
    "ua1": "Berkas memenuhi PDF/UA-1 (terbaca pembaca layar).",
    "qr": "Kode QR terbaca dan menuju alamat verifikasi.",
    "teks": "Semua teks tercetak utuh.",
    "bingkai": "Tidak ada teks di luar bingkai atau menimpa tanda tangan.",
    "nama": "Nama tercetak dalam satu baris.",
    "gambar": "Tidak ada teks yang menimpa logo, foto, atau kode QR.",
}

_pdfium = threading.Lock()  # PDFium is not safe to use from two threads


def run(draft: Draft) -> list[dict[str, Any]]:
    """Each check of this draft: `check`, `draft`, `ok` and `text`, which says what is wrong and where, or that it is not."""
    try:
        pdf = render_pdf(draft.facts, assets=draft.assets)
    except RenderError as error:
        return [_answer(draft, "muat", str(reason(error)))]
    found = [
        _answer(draft, "muat", ""),
        _answer(draft, "huruf", _letters_without_font(draft.facts)),
        *(_answer(draft, name, _standard(pdf, name)) for name in STANDARDS),
    ]
    with _opened(pdf) as document:
        checks: dict[str, Callable[[Any, CertificateFacts], str]] = {
            "qr": _qr,
            "teks": _missing_text,
            "bingkai": _outside_frame,
            "nama": _broken_name,
            "gambar": _covered_picture,
        }
        found += [_answer(draft, name, check(document, draft.facts)) for name, check in checks.items()]
    return found


def png(pdf: bytes, *, page: int = 0, width: int = 1200) -> bytes:
    """One page as a picture of so many pixels in width."""
    with _opened(pdf) as document:
        image = document[page].render(scale=width / (PAPER[0] * MM)).to_pil()
        written = io.BytesIO()
        image.convert("RGB").save(written, "PNG")
    return written.getvalue()


def pages_of(pdf: bytes) -> int:
    with _opened(pdf) as document:
        return len(document)


def _answer(draft: Draft, check: str, wrong: str) -> dict[str, Any]:
    return {"check": check, "draft": draft.kind, "ok": not wrong, "text": wrong or WORDS[check]}


def reason(error: RenderError) -> str:
    if "do not fit" in str(error):
        return "Isi halaman depan terlalu panjang untuk satu halaman: pendekkan pembuka, isi, atau jabatan."
    return f"Sertifikat tidak dapat digambar: {error}"


@contextmanager
def _opened(pdf: bytes) -> Iterator[Any]:
    import pypdfium2  # 10 MB that only checks and previews need

    with _pdfium:
        document = pypdfium2.PdfDocument(pdf)
        try:
            yield document
        finally:
            document.close()


def _standard(pdf: bytes, profile: str) -> str:
    found = conformance.complaints(pdf, profile)
    return f"Berkas tidak memenuhi {STANDARDS[profile]}: {'; '.join(found[:MOST_NAMED])}." if found else ""


def _qr(document: Any, facts: CertificateFacts) -> str:
    read = [barcode.text for barcode in _barcodes(document[0])]
    if facts.verify_url in read:
        return ""
    return f"Kode QR di halaman depan terbaca {read[0]!r}." if read else "Kode QR di halaman depan tidak terbaca."


def printed_texts(facts: CertificateFacts) -> dict[str, tuple[str, ...]]:
    """What must stand on page one and on the pages behind it, under what an author calls it."""
    signed_by = f"{facts.on_behalf_of}{facts.signatory_position},{facts.signatory}"
    return {
        "judul": (facts.title,),
        "nomor": (f"Nomor: {facts.number}",),
        "pembuka": (facts.opening,),
        "nama": (facts.name,),
        "jabatan": (facts.position,),
        "unit kerja": (facts.unit, facts.agency),
        "keterangan lulus": (facts.outcome,),
        "kata sebelum judul pelatihan": (facts.lead_in,),
        "judul pelatihan": (facts.course,),
        "isi": (facts.details,),
        "masa berlaku": (facts.ends,),
        "tempat dan tanggal": (_place_and_day(facts),),
        "penanda tangan": (signed_by,),
        "tempat dan tanggal lahir": (facts.birth,),
    }


def _missing_text(document: Any, facts: CertificateFacts) -> str:
    front = _normal(_text_of(document, [0]))
    back = _normal(_text_of(document, range(1, len(document))))
    missing = [f"{what} (halaman depan)" for what, texts in printed_texts(facts).items()
               if any(_normal(text) not in front for text in texts)]  # fmt: skip
    behind = [module.title for module in facts.modules] + [facts.number]
    missing += [f"{text} (daftar mata pelatihan)" for text in behind if _normal(text) not in back]
    return f"Tidak tercetak utuh: {', '.join(missing[:MOST_NAMED])}." if missing else ""


def _outside_frame(document: Any, facts: CertificateFacts) -> str:
    """Letters beyond the border of page one, or beyond the paper behind; a signatory that grows into the text above."""
    for number in range(len(document)):
        edge = FRAME if number == 0 else 10.0
        text = document[number].get_textpage()
        for index in range(text.count_chars()):
            left, bottom, right, top = (value / MM for value in text.get_charbox(index))
            if right <= left:
                continue
            if left < edge or right > PAPER[0] - edge or bottom < min(edge, 20.0) or top > PAPER[1] - min(edge, 20.0):
                around = text.get_text_range(max(index - 20, 0), 40).replace("\r\n", " ").strip()
                return f"Teks keluar dari bingkai di halaman {number + 1}: “{around}”."
    boxes = _boxes_of(document[0], _place_and_day(facts))
    if not boxes:
        return "Tempat dan tanggal terbit tidak ditemukan di halaman depan."
    place_top, place_bottom = max(top for _l, _b, _r, top in boxes), min(bottom for _l, bottom, _r, _t in boxes)
    if PAPER[1] - place_top >= SIGNATURE_TOP:
        return ""
    if place_top - place_bottom > LINE:
        return "Bagian penanda tangan terlalu tinggi dan menimpa isi: pendekkan tempat terbit."
    return "Bagian penanda tangan terlalu tinggi dan menimpa isi: pendekkan nama atau jabatan penanda tangan."


def _covered_picture(document: Any, facts: CertificateFacts) -> str:
    """A letter of page one that crosses a logo, the photo or the QR code, each measured where it is seen."""
    page = document[0]
    pictures = [("logo atau foto", box) for box in _pictures(page)]
    pictures += [("kode QR", _box_on_paper(barcode)) for barcode in _barcodes(page)]
    text = page.get_textpage()
    for index in range(text.count_chars()):
        left, bottom, right, top = (value / MM for value in text.get_charbox(index))
        for what, (from_left, from_bottom, to_right, to_top) in pictures:
            if left < right and left < to_right and right > from_left and bottom < to_top and top > from_bottom:
                around = text.get_text_range(max(index - 20, 0), 40).replace("\r\n", " ").strip()
                return f"Teks menimpa {what}: “{around}”."
    return ""


def _broken_name(document: Any, facts: CertificateFacts) -> str:
    text = document[0].get_textpage()
    lines = [_normal(line) for line in text.get_text_range().splitlines()]
    return "" if _normal(facts.name) in lines else f"Nama tidak muat dalam satu baris: “{facts.name}”."


def _letters_without_font(facts: CertificateFacts) -> str:
    """Letters that the bundled fonts lack would come from whatever font the machine has, and look different elsewhere."""
    texts = [text for part in printed_texts(facts).values() for text in part]
    lacking = sorted({letter for letter in "".join(texts) if ord(letter) not in _letters() and not letter.isspace()})
    names = ", ".join(f"“{letter}” (U+{ord(letter):04X})" for letter in lacking[:MOST_NAMED])
    return f"Huruf cetak tidak memiliki {names}." if lacking else ""


@lru_cache(maxsize=1)
def _letters() -> frozenset[int]:
    """What every bundled font can write."""
    from fontTools.ttLib import TTFont

    letters = []
    for path in sorted((ASSETS / "fonts").glob("*.ttf")):
        with TTFont(path, lazy=True) as font:
            letters.append(frozenset(font.getBestCmap()))
    return frozenset.intersection(*letters)


def _place_and_day(facts: CertificateFacts) -> str:
    return f"{facts.place}, {wording.day(date.fromisoformat(facts.issued_on))}"


def _boxes_of(page: Any, text: str) -> list[tuple[float, ...]]:
    """Where each letter of the text stands, as left, bottom, right, top in mm, also if it is broken over lines."""
    wanted, textpage = _normal(text), page.get_textpage()
    letters = [(letter, index) for index in range(textpage.count_chars())
               for letter in _normal(textpage.get_text_range(index, 1))]  # fmt: skip
    start = "".join(letter for letter, _index in letters).find(wanted)
    if start < 0:
        return []
    indexes = dict.fromkeys(index for _letter, index in letters[start : start + len(wanted)])
    return [tuple(value / MM for value in textpage.get_charbox(index)) for index in indexes]


def _pictures(page: Any) -> list[tuple[float, ...]]:
    """The boxes of logos and photo in mm; the QR code is drawn and no picture."""
    from pypdfium2 import raw

    return [tuple(value / MM for value in found.get_bounds()) for found in page.get_objects([raw.FPDF_PAGEOBJ_IMAGE])]


def _barcodes(page: Any) -> list[Any]:
    """QR codes only: to look for all kinds there are takes four times as long."""
    import zxingcpp

    picture = page.render(scale=DOTS / 72, grayscale=True).to_pil()
    return list(zxingcpp.read_barcodes(picture, formats=zxingcpp.BarcodeFormats([zxingcpp.BarcodeFormat.QRCode])))


def _box_on_paper(barcode: Any) -> tuple[float, ...]:
    """The corners that were read, in mm from the left and from the foot of the paper."""
    at = barcode.position
    corners = [at.top_left, at.top_right, at.bottom_left, at.bottom_right]
    across = [corner.x * 25.4 / DOTS for corner in corners]
    up = [PAPER[1] - corner.y * 25.4 / DOTS for corner in corners]
    return min(across), min(up), max(across), max(up)


def _text_of(document: Any, pages: Any) -> str:
    return "\n".join(document[number].get_textpage().get_text_range() for number in pages)


def _normal(text: str) -> str:
    """Without what differs between a text and its lines on paper: spaces, hyphens at line ends, case, ligatures."""
    return BLANK.sub("", unicodedata.normalize("NFKC", text)).casefold()
