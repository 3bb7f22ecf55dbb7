"""The PDF as others see it: through pdftotext, pdffonts, pdftoppm, zbarimg, qpdf, veraPDF and page-validation."""

from __future__ import annotations

import re
import subprocess
from dataclasses import replace
from pathlib import Path
from unittest.mock import Mock

import pikepdf
import pytest
from PIL import Image
from weasyprint import HTML
from weasyprint.urls import FatalURLFetchingError

from certificates import rendering
from certificates.default_words import DETAILS, OPENING
from certificates.facts import CertificateFacts, ModuleFacts, fill
from tests.certificates import validators

_BARE = CertificateFacts(
    title="Surat Tanda Tamat Pelatihan",
    kind="passed",
    outcome="Lulus",
    opening="",
    lead_in="pada pelatihan",
    details="",
    number="0412/BPSDMD/IX/2026",
    code="7KQ4M2XD9TWRH3PB",
    site_url="https://akademi.contoh.go.id",
    name="Maria Yuliana Tefa, S.Kom.",
    nip="199407122020122003",
    grade="Penata Muda, III/a",
    position="Pranata Komputer Ahli Pertama",
    unit="Dinas Komunikasi dan Informatika",
    agency="Pemerintah Kabupaten Kupang",
    course="Tanda Tangan Elektronik dan Naskah Dinas Digital",
    edition="2.1",
    run="Angkatan III Tahun 2026",
    learned_from="2026-08-24",
    completed_on="2026-09-09",
    valid_until="",
    credit_hours=4,
    credit_hours_in_words="empat",
    score="86.5",
    pass_mark="70",
    modules=(
        ModuleFacts("Tanda tangan elektronik tersertifikasi", 4, 90, "2"),
        ModuleFacts("Verifikasi dokumen PDF", 5, 93, "2"),
    ),
    government="Pemerintah Provinsi Nusa Tenggara Timur",
    organiser="Badan Pengembangan Sumber Daya Manusia Daerah Provinsi Nusa Tenggara Timur",
    organiser_short="BPSDMD Provinsi NTT",
    place="Kupang",
    issued_on="2026-09-10",
    signatory="Dr. Yosefina Manek, M.Si.",
    signatory_nip="197004181995032001",
    signatory_position="Kepala Badan Pengembangan Sumber Daya Manusia Daerah Provinsi Nusa Tenggara Timur",
    on_behalf_of="",
    logos=(),
    photo="",
    birth_place="",
    born_on="",
    signed_by="local",
    template="BPSDMD-NTT/lulus/1",
    template_version="sttp-2026.4",
)


def worded(facts: CertificateFacts) -> CertificateFacts:
    return fill(facts, opening=OPENING, details=DETAILS)


FACTS = worded(_BARE)
LONGEST_NAME = "Prof. Dr. Ir. Žofia-Ångström Đặng Ğüneş Nguyễn Łukasiewicz-Tefa, S.Kom., M.Kom.,"
LONG = worded(
    replace(
        FACTS,
        name=LONGEST_NAME,
        position="Kepala Seksi Pengembangan dan Pengelolaan Infrastruktur Teknologi Informasi serta Persandian Sektoral",
        unit="Dinas Komunikasi, Informatika, Persandian, dan Statistik Bidang Penyelenggaraan Sistem Pemerintahan Elektronik",
        course="Penyelenggaraan Sistem Pemerintahan Berbasis Elektronik dan Pelayanan Publik Digital Terpadu bagi Aparatur "
        "Sipil Negara di Lingkungan Pemerintah Daerah Kepulauan untuk Angkatan Khusus Pembelajar Mandiri Tahun Ini",
        modules=FACTS.modules * 12,
    )
)
ENDING, LONG_ENDING = (replace(facts, valid_until="2028-09-09") for facts in (FACTS, LONG))
SHORT = worded(replace(
    FACTS, name="Ita", nip="", grade="", position="", unit="", agency="", course="SPBE", modules=FACTS.modules[:1],
    learned_from="2026-09-09", signatory_nip="", title="Surat Keterangan Telah Mengikuti", outcome="Telah mengikuti",
    kind="attended", lead_in="pelatihan", score="", pass_mark="",
))  # fmt: skip


def run(*command: object) -> str:
    return subprocess.run([str(part) for part in command], check=True, capture_output=True, text=True).stdout


def text_of(pdf: Path, *, page: int) -> str:
    return " ".join(run("pdftotext", "-f", page, "-l", page, pdf, "-").split())


@pytest.fixture
def pdf(tmp_path: Path) -> Path:
    path = tmp_path / "certificate.pdf"
    path.write_bytes(rendering.render_pdf(FACTS))
    return path


def test_the_printed_text_is_the_facts(pdf: Path):
    front, back = text_of(pdf, page=1), text_of(pdf, page=2)
    for printed in (
        "PEMERINTAH PROVINSI NUSA TENGGARA TIMUR",
        "SURAT TANDA TAMAT PELATIHAN",
        "Nomor: 0412/BPSDMD/IX/2026",
        "Maria Yuliana Tefa, S.Kom.",
        "NIP 19940712 202012 2 003",
        "Penata Muda, III/a",
        "Pranata Komputer Ahli Pertama",
        "Dinas Komunikasi dan Informatika, Pemerintah Kabupaten Kupang",
        "LULUS",
        "Tanda Tangan Elektronik dan Naskah Dinas Digital",
        "Angkatan III Tahun 2026, Edisi 2.1",
        "dari tanggal 24 Agustus s.d. 9 September 2026, meliputi 4 (empat) jam pelajaran.",
        "Kupang, 10 September 2026",
        "Dr. Yosefina Manek, M.Si.",
        "NIP 19700418 199503 2 001",
        "akademi.contoh.go.id/verifikasi",
        "7KQ4-M2XD-9TWR-H3PB",
    ):
        assert printed in front
    for printed in ("Daftar Mata Pelatihan", "Verifikasi dokumen PDF", "86,5 (batas lulus 70)", "9 September 2026"):
        assert printed in back
    assert "Jumlah 9 183 4" in " ".join(run("pdftotext", "-layout", "-f", 2, pdf, "-").split())
    assert "BSrE" not in front + back


def test_the_last_day_is_printed_where_there_is_one(pdf: Path, tmp_path: Path):
    assert "Berlaku" not in text_of(pdf, page=1)
    for facts in (ENDING, LONG_ENDING):
        pdf.write_bytes(rendering.render_pdf(facts))
        assert "jam pelajaran. Berlaku sampai dengan 9 September 2028 " in text_of(pdf, page=1)


def test_the_qr_code_leads_to_the_public_page_and_is_30_mm_wide(pdf: Path, tmp_path: Path):
    run("pdftoppm", "-r", "150", "-png", "-singlefile", pdf, tmp_path / "page")
    decoded = run("zbarimg", "--quiet", "--raw", tmp_path / "page.png")
    assert decoded.strip() == "HTTPS://AKADEMI.CONTOH.GO.ID/V/7KQ4M2XD9TWRH3PB"
    with Image.open(tmp_path / "page.png") as page:
        per_mm = 150 / 25.4
        corner = page.convert("L").crop((int(25 * per_mm), int(140 * per_mm), int(66 * per_mm), int(188 * per_mm)))
    left, top, right, bottom = corner.point(lambda grey: 255 if grey < 90 else 0).getbbox() or (0, 0, 0, 0)
    assert (right - left) / per_mm >= 30
    assert (bottom - top) / per_mm >= 30


def test_every_font_is_embedded(pdf: Path):
    fonts = run("pdffonts", pdf).splitlines()[2:]
    assert len(fonts) == 5
    assert all(re.search(r"\byes yes yes\b", font) for font in fonts)


def test_the_pdf_says_what_it_is_to_screen_readers(pdf: Path):
    with pikepdf.open(pdf) as document:
        root = document.Root
        assert root.Lang == "id"
        assert root.MarkInfo.Marked
        assert root.ViewerPreferences.DisplayDocTitle
        assert document.docinfo.Title == "Surat Tanda Tamat Pelatihan 0412/BPSDMD/IX/2026: Maria Yuliana Tefa, S.Kom."
        metadata = bytes(root.Metadata.read_bytes())
        assert b"pdfuaid" in metadata
        figures = [
            item for item in document.objects if isinstance(item, pikepdf.Dictionary) and item.get("/S") == "/Figure"
        ]
        assert [str(figure.Alt) for figure in figures] == ["Kode QR: HTTPS://AKADEMI.CONTOH.GO.ID/V/7KQ4M2XD9TWRH3PB"]


@pytest.mark.parametrize("facts", [FACTS, LONG, SHORT, ENDING, LONG_ENDING])
def test_it_is_pdf_a_3a_and_pdf_ua_1_at_once(facts: CertificateFacts, tmp_path: Path):
    path = tmp_path / "certificate.pdf"
    path.write_bytes(rendering.render_pdf(facts))
    assert validators.complaints(path) == []
    assert "No syntax or stream encoding errors" in run("qpdf", "--check", path)


def test_the_judges_refuse_what_is_neither(tmp_path: Path):
    path = tmp_path / "plain.pdf"
    HTML(string="<p>tanpa bahasa").write_pdf(path)
    found = " ".join(validators.complaints(path))
    for judge in ("veraPDF 3a", "veraPDF ua1", "page 3a", "page ua1"):
        assert judge in found


def test_ornaments_are_walked_once_and_drawn_alike(tmp_path: Path):
    """The first drawing walks the SVG, the second takes what was kept."""
    rendering._ornaments.cache_clear()
    first, second = rendering.render_pdf(FACTS), rendering.render_pdf(FACTS)
    assert first == second


def test_an_ornament_with_resources_of_its_page_is_refused():
    with pytest.raises(ValueError, match="may not use transparency"):
        rendering._without_resources([b"0 0 m", "/a0.5 gs"])


def test_the_same_facts_give_the_same_bytes():
    first = rendering.render_pdf(FACTS)
    rendering.render_pdf(SHORT)
    assert rendering.render_pdf(CertificateFacts.from_json(FACTS.as_json())) == first
    assert rendering.render_pdf(replace(FACTS, score="87")) != first


@pytest.mark.parametrize("facts", [LONG, SHORT], ids=["long", "short"])
def test_page_one_holds_the_longest_and_the_shortest_facts(facts: CertificateFacts, tmp_path: Path):
    path = tmp_path / "certificate.pdf"
    path.write_bytes(rendering.render_pdf(facts))
    front, back = text_of(path, page=1), text_of(path, page=2)
    for printed in (facts.course, facts.position, facts.unit, "7KQ4-M2XD-9TWR-H3PB", "Dr. Yosefina Manek, M.Si."):
        assert printed in front
    assert facts.outcome.upper() in front
    assert "Daftar Mata Pelatihan" in back


def test_usual_facts_are_laid_out_once(monkeypatch):
    """A second layout at tighter spacing costs as much again: it is for long facts only."""
    laid_out = Mock(wraps=rendering._pages)  # counts, and lays out as always
    monkeypatch.setattr(rendering, "_pages", laid_out)
    usual = [
        replace(FACTS, name=name, course=course, position="Pengelola Layanan Operasional Ahli Pertama")
        for name in ("Petrus Pandur, S.Pd.", "Hendrikus Amtiran, A.Md.K.", "Yohanes Don Bosko Tefa Seran, S.Kom.")
        for course in (FACTS.course, "Keamanan Informasi Dasar: Kata Sandi, MFA, dan Phishing")
    ]
    usual += [replace(facts, valid_until="2028-09-30") for facts in usual]
    for facts in usual:
        rendering.render_pdf(facts)
    assert laid_out.call_count == len(usual)


def test_a_name_of_80_characters_stays_on_one_line(tmp_path: Path):
    assert len(LONGEST_NAME) >= 80
    path = tmp_path / "certificate.pdf"
    path.write_bytes(rendering.render_pdf(LONG))
    lines = [line.strip() for line in run("pdftotext", "-layout", "-f", 1, "-l", 1, path, "-").splitlines()]
    assert LONGEST_NAME in lines


def test_markup_in_facts_is_printed_not_obeyed(tmp_path: Path):
    hostile = '<img src="https://example.com/x.png"><b>Budi</b> & "kawan"'
    path = tmp_path / "certificate.pdf"
    path.write_bytes(rendering.render_pdf(replace(FACTS, name=hostile)))
    assert hostile in text_of(path, page=1)


@pytest.mark.parametrize(
    "address",
    [
        "https://example.com/x.png",
        "http://127.0.0.1:1/",
        "file:///etc/passwd",
        "data:image/png;base64,AA==",
        "asset:fonts/../facts.py",
        "asset:art/none.png",
    ],
)
def test_the_fetcher_opens_bundled_assets_only(address: str):
    with pytest.raises(ValueError, match="Not a bundled asset"):
        rendering.AssetFetcher().fetch(address)
    with pytest.raises(FatalURLFetchingError):
        HTML(string=f'<img src="{address}" alt="x">', url_fetcher=rendering.AssetFetcher()).write_pdf()


def test_facts_that_do_not_fit_are_refused():
    with pytest.raises(rendering.RenderError, match="do not fit"):
        rendering.render_pdf(replace(FACTS, position="Panjang sekali " * 200))
