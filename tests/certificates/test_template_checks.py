"""Each check of a draft says no, and why, to what it is there for."""

from __future__ import annotations

import base64
import io
from dataclasses import replace
from typing import Any

import pikepdf
import pytest
from weasyprint import HTML

from certificates import conformance, pictures, template_checks
from certificates.facts import LogoFacts
from certificates.rendering import render_pdf
from certificates.template_drafts import LONGEST_NAME, USUAL, Draft
from tests.certificates.templating import png
from tests.certificates.test_rendering import FACTS, LONG, SHORT


def failed(**changes: Any) -> dict[str, str]:
    found = template_checks.run(Draft(USUAL, replace(FACTS, **changes), {}))
    return {one["check"]: one["text"] for one in found if not one["ok"]}


@pytest.mark.parametrize("facts", [FACTS, LONG, SHORT], ids=["usual", "long", "short"])
def test_what_is_well_passes_every_check(facts):
    found = template_checks.run(Draft(USUAL, facts, {}))
    assert [one["check"] for one in found] == list(template_checks.WORDS)
    assert [one for one in found if not one["ok"]] == []


def test_a_name_that_breaks_is_told():
    assert failed(name=f"{LONGEST_NAME} {LONGEST_NAME}")["nama"].startswith("Nama tidak muat dalam satu baris")
    assert failed(name=LONGEST_NAME) == {}


def test_a_long_word_leaves_the_frame():
    assert "keluar dari bingkai di halaman 1" in failed(title="W" * 60)["bingkai"]


def test_a_long_position_grows_into_the_text():
    assert "penanda tangan terlalu tinggi" in failed(signatory_position="Kepala Bidang Pengembangan " * 7)["bingkai"]


def test_too_much_for_page_one_is_told():
    assert "terlalu panjang" in failed(details="Panjang sekali " * 400)["muat"]


def test_a_letter_that_no_bundled_font_has_is_named():
    assert "U+1F9A3" in failed(title="Sertifikat \U0001f9a3")["huruf"]
    assert "U+0E01" in failed(name="\u0e01 Budi")["huruf"]


def test_a_text_that_is_not_on_paper_is_told():
    with template_checks._opened(render_pdf(FACTS)) as document:
        assert template_checks._missing_text(document, FACTS) == ""
        other = replace(FACTS, details=FACTS.details + " dengan predikat baik", number="1/2/3")
        told = template_checks._missing_text(document, other)
    assert "isi (halaman depan)" in told
    assert "nomor (halaman depan)" in told


def test_a_qr_code_that_leads_elsewhere_or_is_not_there_is_told():
    with template_checks._opened(render_pdf(FACTS)) as document:
        assert template_checks._qr(document, FACTS) == ""
        assert "7KQ4M2XD9TWRH3PB" in template_checks._qr(document, replace(FACTS, code="0" * 16))
    with template_checks._opened(_without_pictures(render_pdf(FACTS))) as document:
        assert template_checks._qr(document, FACTS) == "Kode QR di halaman depan tidak terbaca."


def _without_pictures(pdf: bytes) -> bytes:
    """The list of modules as the only page: it has no QR code."""
    with pikepdf.open(io.BytesIO(pdf)) as document:
        del document.pages[0]
        written = io.BytesIO()
        document.save(written)
    return written.getvalue()


def test_a_file_that_is_no_pdf_a_is_told():
    pdf = HTML(string="<p>tanpa bahasa").write_pdf()
    assert conformance.complaints(pdf, "3a")
    assert "PDF/UA-1" in template_checks._standard(pdf, "ua1")


LONG_TITLE = "Surat Tanda Tamat Pelatihan Kepemimpinan Pengawas Sistem Pemerintahan Elektronik"[:79]


def with_logos(**changes: Any) -> Draft:
    picture = pictures.logo(io.BytesIO(png()))
    logos = (LogoFacts(picture.sha256, "Satu"), LogoFacts(picture.sha256, "Dua"))
    return Draft(USUAL, replace(FACTS, logos=logos, **changes), {picture.sha256: picture.content})


@pytest.mark.parametrize("title", [LONG_TITLE, "Surat Tanda Tamat Pelatihan Kepemimpinan", "Sertifikat"])
@pytest.mark.parametrize("government", [FACTS.government, ""])
def test_a_long_title_stays_between_the_logos(title, government):
    found = template_checks.run(with_logos(title=title, government=government))
    assert [one for one in found if not one["ok"]] == []


@pytest.mark.parametrize(("left", "told"), [("0", "Teks menimpa logo atau foto: “Judul panjang”."), ("30mm", "")])
def test_a_letter_on_a_logo_is_told(left, told):
    """Our own layout leaves none, so another one stands in."""
    address = "data:image/png;base64," + base64.b64encode(png()).decode()
    html = f'<img src="{address}" style="position: absolute; width: 22mm"><p style="margin-left: {left}">Judul panjang'
    with template_checks._opened(HTML(string=html).write_pdf()) as document:
        assert template_checks._covered_picture(document, FACTS) == told


def test_the_qr_code_is_measured_where_it_stands():
    with template_checks._opened(render_pdf(FACTS)) as document:
        [barcode] = template_checks._barcodes(document[0])
        left, bottom, right, top = template_checks._box_on_paper(barcode)
    assert (round(right - left), round(top - bottom)) == (31, 31)
    assert (round(left), round(bottom)) == (33, 26)


def test_a_long_place_of_issue_is_named_as_such():
    place = "Kecamatan Kota Kefamenanu, Kabupaten Timor Tengah Utara, Nusa Tenggara Timur"
    crowded = failed(place=place, signatory_position="Kepala Bidang Pengembangan Kompetensi Aparatur Sipil Negara")
    assert "pendekkan tempat terbit" in crowded["bingkai"]


def test_a_place_that_cannot_be_found_fails_the_check():
    with template_checks._opened(render_pdf(FACTS)) as document:
        assert "tidak ditemukan" in template_checks._outside_frame(document, replace(FACTS, place="Soe"))
