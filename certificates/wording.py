"""How a certificate writes dates, numbers and ranks. Always Indonesian and never translated: it is printed for good."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from num2words import num2words

MONTHS = (
    "Januari", "Februari", "Maret", "April", "Mei", "Juni",
    "Juli", "Agustus", "September", "Oktober", "November", "Desember",
)  # fmt: skip

# The rank (pangkat) that goes with a PNS grade (golongan ruang). PPPK grades are Roman numerals without a rank.
RANKS = {
    "I/a": "Juru Muda", "I/b": "Juru Muda Tk. I", "I/c": "Juru", "I/d": "Juru Tk. I",
    "II/a": "Pengatur Muda", "II/b": "Pengatur Muda Tk. I", "II/c": "Pengatur", "II/d": "Pengatur Tk. I",
    "III/a": "Penata Muda", "III/b": "Penata Muda Tk. I", "III/c": "Penata", "III/d": "Penata Tk. I",
    "IV/a": "Pembina", "IV/b": "Pembina Tk. I", "IV/c": "Pembina Utama Muda", "IV/d": "Pembina Utama Madya",
    "IV/e": "Pembina Utama",
}  # fmt: skip


def day(value: date) -> str:
    """24 November 2026."""
    return f"{value.day} {MONTHS[value.month - 1]} {value.year}"


def period(first: date, last: date) -> str:
    """From one day to another, saying month and year once: 3 s.d. 24 November 2026."""
    if first >= last:
        return day(last)
    if (first.year, first.month) == (last.year, last.month):
        return f"{first.day} s.d. {day(last)}"
    if first.year == last.year:
        return f"{first.day} {MONTHS[first.month - 1]} s.d. {day(last)}"
    return f"{day(first)} s.d. {day(last)}"


def in_words(number: int) -> str:
    """Terbilang: 20 is "dua puluh"."""
    return str(num2words(number, lang="id"))


def decimal(value: Decimal) -> str:
    """Without needless zeros, with a comma: 88, 86,67."""
    text = f"{value.quantize(Decimal('0.01')):f}".rstrip("0").rstrip(".")
    return text.replace(".", ",")


def rank_and_grade(grade: str) -> str:
    """Penata Muda, III/a for a PNS; what has no rank is printed as "Golongan IX"; nothing stays nothing."""
    if rank := RANKS.get(grade):
        return f"{rank}, {grade}"
    return f"Golongan {grade}" if grade else ""
