"""What a certificate says as long as its organiser wrote no template. Indonesian and never translated: it is printed.

Source: docs/rules.md, "What a certificate says".
"""

from __future__ import annotations

from dataclasses import dataclass

from courses.models import Completion

OPENING = (
    "{penyelenggara}, berdasarkan\n"
    "Undang-Undang Nomor 20 Tahun 2023 tentang Aparatur Sipil Negara serta ketentuan pelaksanaannya, menyatakan bahwa"
)
DETAILS = (
    "{angkatan}, Edisi {edisi}, yang diselenggarakan secara daring (e-learning)\n"
    "{tanggal}, meliputi {jp} ({jp_terbilang}) jam pelajaran."
)


@dataclass(frozen=True)
class Words:
    """`short` names the kind in the name of a version."""

    short: str
    title: str
    outcome: str
    lead_in: str
    opening: str = OPENING
    details: str = DETAILS


WORDS = {
    Completion.Outcome.PASSED: Words("lulus", "Surat Tanda Tamat Pelatihan", "Lulus", "pada pelatihan"),
    Completion.Outcome.ATTENDED: Words("mengikuti", "Surat Keterangan Telah Mengikuti", "Telah mengikuti", "pelatihan"),
}
