"""Course pages as a trainer writes them, for tests."""

from __future__ import annotations

import uuid
from datetime import date
from typing import Any

from django.core.files.base import ContentFile
from wagtail.documents.models import Document
from wagtail.images.models import Image
from wagtail.models import Page, Site

from academy.pages.models import HomePage
from courses.models import (
    CatalogPage,
    CoursePage,
    LegalReference,
    LessonPage,
    ModulePage,
    Question,
    QuestionBank,
    QuestionOption,
    QuizPage,
)
from tests.factories import CourseFactory

SVG = b'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 320 200"><rect width="320" height="200"/></svg>'


def make_home() -> HomePage:
    """The home page as root of the default site."""
    home: HomePage | None = HomePage.objects.first()
    if home is None:
        home = Page.objects.get(depth=1).add_child(instance=HomePage(title="Beranda", slug="beranda"))
        Site.objects.filter(is_default_site=True).delete()
        Site.objects.create(hostname="testserver", port=80, root_page=home, is_default_site=True)
    return home


def make_catalog() -> CatalogPage:
    catalog: CatalogPage | None = CatalogPage.objects.first()
    return catalog or make_home().add_child(instance=CatalogPage(title="Katalog Pelatihan", slug="katalog"))


def make_image(name: str = "bagan.svg") -> Image:
    return Image.objects.create(title=name, file=ContentFile(SVG, name=name), width=320, height=200)


def make_legal_reference(key: str = "perpres-95", **fields: Any) -> LegalReference:
    return LegalReference.objects.create(
        **{
            "key": key,
            "regulation": "Peraturan Presiden Nomor 95 Tahun 2018",
            "article": "Pasal 2",
            "summary": "Tujuh prinsip.",
            "as_of_on": date(2026, 11, 1),
            "review_by_on": date(2027, 5, 1),
        }
        | fields
    )


MP4 = b"\0\0\0\x18ftypmp42".ljust(1500, b"0")


def make_document(name: str = "film.mp4", content: bytes = b"") -> Document:
    content = content or (MP4 if name.endswith(".mp4") else b"a,b\n" * 375)
    document = Document(title=name, file=ContentFile(content, name=name))
    document.file_size = len(content)
    document.save()
    return document


def every_block() -> list[dict[str, Any]]:
    """A lesson with each kind of block, as a trainer fills it; a video of both sorts, and a replaced regulation."""
    old = make_legal_reference("lama", url="https://peraturan.go.id/lama", superseded_by=make_legal_reference("baru"))
    rich = "<p>Kantor sudah punya <b>komputer</b> dan <a href='https://example.go.id/'>aturan</a>.</p>".replace(
        "'", '"'
    )
    rows = [
        ["Hal", "Kata sandi", "MFA"],
        ["Bukti", "Satu: yang Anda ketahui", "Dua, berbeda jenis"],
        ["Bila bocor", "", "Tertahan"],
    ]
    table = {"data": rows, "first_row_is_table_header": True, "first_col_is_header": True}
    video = {"title": "Mengenali surel palsu", "minutes": 3, "transcript": "Periksa alamat pengirim.\n\nLalu laporkan."}
    options = [
        {"text": "Petugas yang menelepon", "is_right": False, "feedback": "Petugas resmi tidak meminta kode OTP."},
        {"text": "Hanya Anda", "is_right": True, "feedback": "Kode itu kunci kedua Anda."},
        {"text": "Atasan langsung", "is_right": False, "feedback": "Atasan memakai akunnya sendiri."},
    ]
    values: list[tuple[str, Any]] = [
        ("text", f"{rich}<h2>Bagian</h2>{rich}<ul><li>satu</li><li>dua</li></ul>"),
        ("definition", {"term": "Layanan SPBE", "text": rich}),
        ("term", {"term": "MFA", "meaning": rich}),
        ("term", {"term": "Autentikasi", "meaning": rich}),
        ("quote", {"text": "Teknologi adalah alat.", "source": "Seorang widyaiswara"}),
        ("figure", {"image": make_image().pk, "alt": "Alur", "caption": "Alur", "description": "Dari A ke B."}),
        ("table", {"caption": "Dua cara masuk", "table": table}),
        ("comparison", {"caption": "Dua cara masuk dibandingkan", "table": table}),
        ("video", video | {"link": "https://example.go.id/video", "size_mb": 12}),
        ("video", video | {"link": "", "document": make_document().pk}),
        ("file", {"title": "Lembar kerja", "document": make_document("lembar.csv").pk}),
        ("example", {"title": "Dua kantor", "text": rich}),
        (
            "case",
            {
                "agency": "Puskesmas di Kabupaten Kupang (rekaan)",
                "situation": rich,
                "action": rich,
                "result": rich,
                "question": "Apa langkah pertama di kantor Anda?",
            },
        ),
        ("steps", {"title": "Mengaktifkan MFA", "steps": [rich, rich]}),
        ("check", {"question": "Siapa yang boleh mengetahui kode OTP Anda?", "options": options}),
        ("legal_basis", {"reference": old.pk, "note": "Periksa perubahannya."}),
        ("article", {"reference": old.pk, "article": "Pasal 2 ayat (1)", "text": "SPBE dilaksanakan dengan prinsip …"}),
    ]
    return [{"type": kind, "value": value} for kind, value in values]


def make_bank(course: Any, questions: int) -> QuestionBank:
    """A bank of single questions q0, q1, …; the first of four options is right."""
    bank = QuestionBank.objects.create(key=f"bank-{course.key}", title="Bank soal", organiser=course.organiser)
    for number in range(questions):
        question = Question.objects.create(
            bank=bank, key=f"q{number}", topic="topik", text=f"Soal {number}?", explanation="Karena begitu."
        )
        for position in range(4):
            QuestionOption.objects.create(
                question=question, sort_order=position, text=f"Pilihan {position}", is_correct=position == 0
            )
    return bank


def make_course_page(
    *,
    modules: int = 1,
    lessons: int = 2,
    questions: int = 4,
    drawn: int | None = None,
    minutes: int = 60,
    body: list[dict[str, Any]] | None = None,
    **fields: Any,
) -> CoursePage:
    """A published course of 1 JP: `lessons` a module, a post-test at the end if a module has two lessons or more."""
    course = CourseFactory(credit_hours=1)
    page: CoursePage = make_catalog().add_child(
        instance=CoursePage(
            **{
                "title": course.title,
                "slug": course.key,
                "course": course,
                "summary": "Ringkasan pelatihan.",
                "audience": "Semua ASN",
                "outcomes": "menjelaskan hal pertama\nmengerjakan hal kedua",
                "topics": "SPBE, keamanan",
            }
            | fields
        )
    )
    for m in range(1, modules + 1):
        module = page.add_child(instance=ModulePage(title=f"Modul {m}", slug=f"modul-{m}", summary="Isi modul."))
        for n in range(1, lessons + 1):
            value = body or [{"type": "text", "value": f"<p>Isi materi {m}.{n}.</p>"}]
            module.add_child(
                instance=LessonPage(
                    title=f"Materi {m}.{n}",
                    slug=f"materi-{m}-{n}",
                    summary="Satu kalimat.",
                    reading_minutes=minutes,
                    practice_minutes=0,
                    body=[{**block, "id": str(uuid.uuid4())} for block in value],
                )
            )
        if m == modules and lessons > 1:
            module.add_child(
                instance=QuizPage(
                    title="Tes akhir",
                    slug="tes-akhir",
                    bank=make_bank(course, questions),
                    question_count=drawn or questions,
                    time_limit_minutes=30,
                    test_minutes=30,
                )
            )
    return page
