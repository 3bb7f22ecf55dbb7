"""Draw a certificate from its facts: a tagged PDF (PDF/UA-1), without web server, clock, database or network."""

from __future__ import annotations

import hashlib
import mimetypes
import threading
from datetime import date
from functools import lru_cache
from pathlib import Path
from typing import Any

import segno
from django.template.loader import get_template
from django.utils.safestring import SafeString, mark_safe
from weasyprint import CSS, HTML, Document
from weasyprint.text.fonts import FontConfiguration
from weasyprint.urls import FatalURLFetchingError, URLFetcher, URLFetcherResponse

from academy.people import nip
from certificates import codes, wording
from certificates.facts import CertificateFacts

ASSETS = Path(__file__).resolve().parent
ASSET_FOLDERS = ("art", "fonts")
STYLE = "pdf/certificate.css"
TEMPLATE = "certificates/pdf/certificate.html"

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


def render_pdf(facts: CertificateFacts) -> bytes:
    """The certificate as PDF; the same facts give the same bytes. RenderError if it cannot be drawn."""
    try:
        with _drawing:
            pdf: bytes = _lay_out(facts).write_pdf(
                pdf_variant="pdf/ua-1",
                pdf_identifier=hashlib.sha256(facts.sha256().encode()).digest()[:16],
            )
    except FatalURLFetchingError as error:  # a BaseException: no caller would catch it
        raise RenderError(str(error)) from error
    except OSError:  # the disk or the machine, not these facts
        raise
    except Exception as error:
        message = f"{type(error).__name__}: {error}"
        raise RenderError(message) from error
    return pdf


def _lay_out(facts: CertificateFacts) -> Document:
    """Laid out at the widest spacing that leaves everything on page one."""
    context = _context(facts)
    for density in DENSITIES:
        html = get_template(TEMPLATE).render({**context, "density": density})
        document = HTML(string=html, url_fetcher=AssetFetcher()).render(
            stylesheets=[_style()], font_config=_fonts(), pdf_variant="pdf/ua-1"
        )
        if _front_is_one_page(document):
            return document
    raise RenderError("The facts do not fit on page one")


def _front_is_one_page(document: Document) -> bool:
    return len(document.pages) > 1 and "back" in document.pages[1].anchors


def _context(facts: CertificateFacts) -> dict[str, Any]:
    return {
        "facts": facts,
        "is_passed": facts.outcome == "Lulus",
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
        "qr": _qr(facts.verify_url),
    }


def _qr(url: str) -> SafeString:
    """The address as inline SVG, 31 mm wide without its quiet zone (the paper around it is white)."""
    symbol = segno.make_qr(url, error="m")
    svg = symbol.svg_inline(
        border=0, dark="#1B2430", omitsize=True, title=f"Kode QR: {url}", svgclass="qr", lineclass=None
    )
    return mark_safe(svg)  # noqa: S308  segno escapes the title; the address is ours


@lru_cache(maxsize=1)
def _assets() -> dict[str, Path]:
    return {
        f"asset:{folder}/{path.name}": path for folder in ASSET_FOLDERS for path in sorted((ASSETS / folder).iterdir())
    }


@lru_cache(maxsize=1)
def _fonts() -> FontConfiguration:
    return FontConfiguration()


@lru_cache(maxsize=1)
def _style() -> CSS:
    path = ASSETS / "templates" / "certificates" / STYLE
    return CSS(string=path.read_text(), url_fetcher=AssetFetcher(), font_config=_fonts())
