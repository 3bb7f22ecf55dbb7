"""Draw a certificate from its facts: PDF/A-3a and PDF/UA-1 at once, without web server, clock, database or network."""

from __future__ import annotations

import hashlib
import mimetypes
import re
import threading
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime
from functools import lru_cache, partial
from importlib import resources
from io import BytesIO
from itertools import groupby
from operator import itemgetter
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import segno
from django.template.loader import get_template
from PIL import Image
from tinycss2 import color5
from weasyprint import CSS, HTML, Attachment, Document
from weasyprint.images import RasterImage, SVGImage
from weasyprint.text.fonts import FontConfiguration
from weasyprint.urls import FatalURLFetchingError, URLFetcher, URLFetcherResponse

from academy.people import nip
from certificates import archival, codes, wording
from certificates.facts import CertificateFacts
from certificates.signature_slot import SignatureSlot

ASSETS = Path(__file__).resolve().parent
ASSET_FOLDERS = ("art", "fonts")
STYLE = "pdf/certificate.css"
TEMPLATE = "certificates/pdf/certificate.html"
VARIANT = "pdf/a-3a"
QR_ADDRESS = "asset:qr"
CREDENTIAL_NAME = "kredensial.json"
QR_COLOUR = "#1B2430"
PRINTED = "asset:printed/"  # and the hash of a logo or photo
JP_PHRASE = "{jp} ({words}) jam pelajaran"  # stands out in the details

# What the foot says of the signature, by the backend that makes it: nothing that it does not do.
SIGNATURES = {
    "local": "Sertifikat ini diterbitkan dan ditandatangani secara elektronik dengan kunci akademi.",
    "bsre-seal": (
        "Dokumen ini telah dibubuhi segel elektronik instansi yang diterbitkan oleh Balai Besar Sertifikasi Elektronik "
        "(BSrE), Badan Siber dan Sandi Negara."
    ),
    "bsre-sign": (
        "Dokumen ini telah ditandatangani secara elektronik menggunakan sertifikat elektronik yang diterbitkan oleh "
        "Balai Besar Sertifikasi Elektronik (BSrE), Badan Siber dan Sandi Negara."
    ),
}
SAMPLE = "Contoh, bukan sertifikat."  # in place of those, where somebody only looks at a template
SAMPLE_STYLE = """
body::after {
  position: fixed; top: 30mm; left: 0; width: 100%; color: rgb(156 59 46 / 16%); content: "CONTOH";
  font: 700 120pt/1 "Form"; letter-spacing: .08em; text-align: center; transform: rotate(-18deg);
}
"""
# Long names are set smaller so that they stay on one line: (up to so many characters, size class).
NAME_SIZES = ((24, "xl"), (32, "l"), (44, "m"), (60, "s"))
SMALLEST_NAME = "xs"
# Tried in this order until page one holds everything.
DENSITIES = ("", "dense", "denser", "densest")

_drawing = threading.Lock()  # Pango's fonts are shared by the process and not safe to use from two threads


class RenderError(Exception):
    """The certificate cannot be drawn from these facts."""


class AssetFetcher(URLFetcher):
    """Opens the bundled fonts and ornaments under `asset:`, and nothing else: no network, no other file."""

    def __init__(self) -> None:
        super().__init__(allowed_protocols=("asset",), allow_redirects=False, fail_on_errors=True)

    def fetch(self, url: str, headers: dict[str, str] | None = None) -> URLFetcherResponse:
        if not url.startswith("asset:") or url not in _assets():
            message = f"Not a bundled asset: {url[:200]}"
            raise ValueError(message)
        path = _assets()[url]
        media_type = mimetypes.guess_type(path.name)[0] or "application/octet-stream"
        return URLFetcherResponse(url, path.read_bytes(), {"Content-Type": media_type})


class PlainHTML(HTML):
    """Without the rules of WeasyPrint's own sheet that give every element six pseudo-elements for notes and markers.

    Nine of ten styles it computes are theirs, and this document has neither notes nor bullets.
    """

    def _ua_stylesheets(self, forms: bool = False) -> list[CSS]:
        return [_plain_sheet()]


class Ornament(SVGImage):
    """A bundled drawing, walked once per process: WeasyPrint would walk it for each document, a fifth of all the work.

    Only for drawings of plain lines and areas: what they write to the page must not name resources of that page.
    """

    def __init__(self, url: str) -> None:
        super().__init__(ElementTree.fromstring(_assets()[url].read_bytes()), url, AssetFetcher(), None)  # noqa: S314
        self._kept: dict[tuple[float, float], bytes] = {}

    def draw(self, stream: Any, concrete_width: float, concrete_height: float, style: Any) -> None:
        size = (concrete_width, concrete_height)
        if size not in self._kept:
            apart = stream.clone(resources={"ExtGState": {}})
            super().draw(apart, concrete_width, concrete_height, style)
            self._kept[size] = _without_resources(apart.stream)
        stream.stream.append(self._kept[size])


class QrCode:
    """The address as a QR symbol without quiet zone (the paper around it is white), as WeasyPrint's images are asked.

    Error correction M; segno chooses the mask with the lowest penalty, as ISO/IEC 18004 wants.
    """

    def __init__(self, text: str) -> None:
        self._rows = segno.make_qr(text, error="m").matrix

    def get_intrinsic_size(self, image_resolution: float, font_size: float) -> tuple[float, float, float]:
        return len(self._rows), len(self._rows), 1

    def draw(self, stream: Any, concrete_width: float, concrete_height: float, style: Any) -> None:
        module = concrete_width / len(self._rows)
        stream.set_color(color5.parse_color(QR_COLOUR))
        for y, row in enumerate(self._rows):
            for dark, run in groupby(enumerate(row), key=itemgetter(1)):
                if dark:
                    cells = [x for x, _dark in run]
                    stream.rectangle(cells[0] * module, y * module, len(cells) * module, module)
        stream.fill()


class Picture(RasterImage):
    """A logo or photo, packed once per process: WeasyPrint would decode and deflate it for each document."""

    def __init__(self, sha256: str, content: bytes) -> None:
        super().__init__(Image.open(BytesIO(content)), sha256[:32], content)
        self._packed: bytes | None = None

    def _get_png_data(self, pillow_image: Image.Image) -> bytes:
        if self._packed is None:
            self._packed = RasterImage._get_png_data(pillow_image)
        return self._packed


def render_pdf(
    facts: CertificateFacts,
    *,
    assets: Mapping[str, bytes] | None = None,
    slot: SignatureSlot | None = None,
    credential: bytes | None = None,
    sample: bool = False,
) -> bytes:
    """The certificate as PDF; the same arguments give the same bytes. RenderError if it cannot be drawn.

    `assets` holds the pictures that the facts name, by their hash. With a slot the file waits for its signature, see
    `signature_slot.fill`. The credential becomes a file in the PDF. A sample says across each page that it is none.
    """
    try:
        with _drawing:
            pdf: bytes = _lay_out(facts, _pictures_of(facts, assets or {}), sample=sample).write_pdf(
                pdf_variant=VARIANT,
                pdf_identifier=hashlib.sha256(facts.sha256().encode()).digest()[:16],
                attachments=[_attachment(credential, facts)] if credential else None,
                finisher=partial(archival.finish, slot=slot),
            )
    except FatalURLFetchingError as error:  # a BaseException: no caller would catch it
        raise RenderError(str(error)) from error
    except OSError:  # the disk or the machine, not these facts
        raise
    except Exception as error:
        message = f"{type(error).__name__}: {error}"
        raise RenderError(message) from error
    return pdf


def draw_sheet(html: str, *, style: Path, attachments: Sequence[Attachment] = ()) -> bytes:
    """Another document than a certificate with the same fonts, and as little it may open. RenderError if it cannot be drawn.

    PDF/UA-1; with files in it PDF/A-3a as well.
    """
    archive = {"attachments": attachments, "finisher": partial(archival.finish, slot=None)} if attachments else {}
    try:
        with _drawing:
            sheet = CSS(string=style.read_text(), url_fetcher=AssetFetcher(), font_config=_fonts())
            document = PlainHTML(string=html, url_fetcher=AssetFetcher())
            pdf: bytes = document.write_pdf(
                stylesheets=[sheet],
                font_config=_fonts(),
                pdf_variant=VARIANT if attachments else "pdf/ua-1",
                **archive,
            )
    except FatalURLFetchingError as error:  # a BaseException: no caller would catch it
        raise RenderError(str(error)) from error
    return pdf


def _attachment(credential: bytes, facts: CertificateFacts) -> Attachment:
    """With the day of issue as its date: the moment of drawing would make each drawing another file."""
    day = datetime.fromisoformat(facts.issued_on).replace(tzinfo=UTC)
    return Attachment(
        string=credential,
        name=CREDENTIAL_NAME,
        description="Kredensial terverifikasi (Open Badges 3.0)",
        relationship="Data",
        created=day,
        modified=day,
    )


def _pictures_of(facts: CertificateFacts, assets: Mapping[str, bytes]) -> dict[str, Picture]:
    """The pictures these facts name, by their address. RenderError if one is missing or not the one that is named."""
    for sha256 in facts.printed_assets:
        if hashlib.sha256(assets.get(sha256, b"")).hexdigest() != sha256:
            message = f"The picture {sha256} is missing or another one"
            raise RenderError(message)
    return {f"{PRINTED}{sha256}": _logo(sha256, assets[sha256]) for sha256 in facts.printed_assets}


@lru_cache(maxsize=32)
def _logo(sha256: str, content: bytes) -> Picture:
    return Picture(sha256, content)


def _lay_out(facts: CertificateFacts, pictures: dict[str, Picture], *, sample: bool) -> Document:
    """Laid out at the widest spacing that leaves everything on page one."""
    context = _context(facts) | ({"signature": SAMPLE, "sample": True} if sample else {})
    for density in (
        DENSITIES[1:] if facts.birth or facts.ends else DENSITIES
    ):  # with one line more the widest never fits
        document = _pages(context, pictures, density=density, pages=2)
        if _front_is_one_page(document):
            count = len(document.pages)
            return document if count == 2 else _pages(context, pictures, density=density, pages=count)
    raise RenderError("The facts do not fit on page one")


def _pages(context: dict[str, Any], pictures: dict[str, Picture], *, density: str, pages: int) -> Document:
    html = get_template(TEMPLATE).render({**context, "density": density, "pages": pages})
    return PlainHTML(string=html, url_fetcher=AssetFetcher()).render(
        stylesheets=[_style(), *([_sample_style()] if context.get("sample") else [])],
        font_config=_fonts(),
        pdf_variant=VARIANT,
        cache=_ornaments() | pictures | {QR_ADDRESS: QrCode(context["verify_url"])},
    )


def _front_is_one_page(document: Document) -> bool:
    return len(document.pages) > 1 and "back" in document.pages[1].anchors


def _context(facts: CertificateFacts) -> dict[str, Any]:
    return {
        "facts": facts,
        "opening": [part.strip() for part in facts.opening.split("\n")],
        "details": _emphasised(facts),
        "logos": [{"url": PRINTED + logo.sha256, "alt": logo.alt} for logo in facts.logos],
        "photo": facts.photo and PRINTED + facts.photo,
        "name_size": next((size for longest, size in NAME_SIZES if len(facts.name) <= longest), SMALLEST_NAME),
        "nip": nip.grouped(facts.nip),
        "signatory_nip": nip.grouped(facts.signatory_nip),
        "code": codes.grouped(facts.code),
        "verify_host": facts.site_url.split("://", 1)[-1],
        "issued_on": wording.day(date.fromisoformat(facts.issued_on)),
        "completed_on": wording.day(date.fromisoformat(facts.completed_on)),
        "score": facts.score.replace(".", ","),
        "pass_mark": facts.pass_mark.replace(".", ","),
        "modules": [
            {
                "title": module.title,
                "activities": module.activities,
                "minutes": module.minutes,
                "credit_hours": module.credit_hours.replace(".", ","),
            }
            for module in facts.modules
        ],
        "activities": sum(module.activities for module in facts.modules),
        "minutes": sum(module.minutes for module in facts.modules),
        "signature": SIGNATURES[facts.signed_by],
        "qr": QR_ADDRESS,
        "verify_url": facts.verify_url,
    }


def _emphasised(facts: CertificateFacts) -> list[dict[str, str]]:
    """The details in pieces: the credit hours stand out, e-learning is a foreign word, a line break is a break."""
    jp = JP_PHRASE.format(jp=facts.credit_hours, words=facts.credit_hours_in_words)
    styles = {jp: "strong", "(e-learning)": "foreign", "\n": "break"}
    pieces = re.split("(" + "|".join(re.escape(text) for text in styles) + ")", facts.details)
    return [{"text": piece, "style": styles.get(piece, "")} for piece in pieces if piece]


def _without_resources(drawn: list[bytes | str]) -> bytes:
    """The drawing as bytes. Full opacity is what a page has anyway; ValueError where it names anything else."""
    parts = [part if isinstance(part, bytes) else part.encode() for part in drawn]
    kept = b"\n".join(part for part in parts if part.lower() != b"/a1.0 gs")
    if named := re.search(rb"/\S+", kept):
        message = f"An ornament may not use transparency, gradients or images: {named[0].decode()}"
        raise ValueError(message)
    return kept


@lru_cache(maxsize=1)
def _assets() -> dict[str, Path]:
    return {
        f"asset:{folder}/{path.name}": path for folder in ASSET_FOLDERS for path in sorted((ASSETS / folder).iterdir())
    }


@lru_cache(maxsize=1)
def _ornaments() -> dict[str, Ornament]:
    return {url: Ornament(url) for url in _assets() if url.endswith(".svg")}


@lru_cache(maxsize=1)
def _fonts() -> FontConfiguration:
    return FontConfiguration()


@lru_cache(maxsize=1)
def _plain_sheet() -> CSS:
    rules = (resources.files("weasyprint") / "css" / "html5_ua.css").read_text().splitlines()
    return CSS(string="\n".join(rule for rule in rules if not rule.startswith("::")))


@lru_cache(maxsize=1)
def _style() -> CSS:
    path = ASSETS / "templates" / "certificates" / STYLE
    return CSS(string=path.read_text(), url_fetcher=AssetFetcher(), font_config=_fonts())


@lru_cache(maxsize=1)
def _sample_style() -> CSS:
    return CSS(string=SAMPLE_STYLE, url_fetcher=AssetFetcher(), font_config=_fonts())
