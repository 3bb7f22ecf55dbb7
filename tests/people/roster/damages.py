"""Damaged rosters as they really come: how each is made, and a word of the sentence that must name what is wrong."""

from __future__ import annotations

import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import openpyxl

from tests.factories import make_nip
from tests.people.roster.files import UNIT, USUAL, line, write_csv, write_xlsx

GOOD = [line(1), line(2)]


@dataclass(frozen=True)
class Damage:
    """`rows` refused, first of them in `row` and `column`; `says` stands in the first message. No row: refused whole."""

    name: str
    make: Callable[[Path], Path]
    says: str
    row: int = 0
    column: str = ""
    rows: int = 1


def cell(name: str, value: str, says: str, *, column: str = "NIP", rows: int = 1, **more: str) -> Damage:
    """Two good rows, and one with this value in row 4."""
    return Damage(
        name, lambda folder: write_csv(folder, [*GOOD, line(3) | {column: value} | more]), says, 4, column, rows
    )


def workbook(name: str, value: object, says: str, *, column: str = "NIP") -> Damage:
    return Damage(name, lambda folder: write_xlsx(folder, [*GOOD, line(3) | {column: value}]), says, 4, column)


def raw(name: str, data: bytes, says: str, *, ending: str = "csv", **place: object) -> Damage:
    def make(folder: Path) -> Path:
        file = folder / f"daftar.{ending}"
        file.write_bytes(data)
        return file

    return Damage(name, make, says, **place)  # type: ignore[arg-type]


def csv_bytes(folder_encoding: str) -> bytes:
    rows = [",".join(USUAL), ",".join(line(1, Nama="Agnès Contoh").values())]
    return "\n".join(rows).encode(folder_encoding)


def two_of_one_nip(folder: Path) -> Path:
    return write_csv(folder, [*GOOD, line(3), line(3, Nama="Lain Contoh")])


def two_of_one_email(folder: Path) -> Path:
    return write_xlsx(folder, [*GOOD, line(3, Email="a@contoh.test"), line(4, Email="A@contoh.test")])


def comma_in_a_name(folder: Path) -> Path:
    file = write_csv(folder, GOOD)
    cells = list(line(3, Nama="Yohanes Contoh, S.Kom.").values())
    file.write_text(file.read_text() + ",".join(cells) + "\n")
    return file


def empty_lines(folder: Path) -> Path:
    return write_csv(folder, [line(1), [], ["", " ", ""], line(2), line(3, Golongan="VI/a")])


def headings_again(folder: Path) -> Path:
    return write_csv(folder, [*GOOD, list(USUAL)])


def formula(folder: Path) -> Path:
    return write_xlsx(folder, [*GOOD, line(3, Nama='="Yohanes "&"Contoh"')])


def merged_headings(folder: Path) -> Path:
    """Pegawai over NIP and Nama, the other headings over two lines; a title, an empty line and a line of numbers."""
    book = openpyxl.Workbook()
    sheet = book.active
    sheet.append(["DAFTAR PEGAWAI"])
    sheet.append([])
    sheet.append(["Pegawai", None, "Gol", "Unit Kerja"])
    sheet.append(["NIP", "Nama", None, None])
    sheet.append([1, 2, 3, 4])
    sheet.append([make_nip(1), "Yohanes Contoh", "III/a", UNIT])
    sheet.append([make_nip(2), "Maria Contoh", "III/z", UNIT])
    sheet.merge_cells("A3:B3")
    sheet.merge_cells("C3:C4")
    book.save(folder / "gabung.xlsx")
    return folder / "gabung.xlsx"


def wrong_sheet_first(folder: Path) -> Path:
    file = write_xlsx(folder, [*GOOD, line(3, NIP="123")])
    book = openpyxl.load_workbook(file)
    book.create_sheet("Petunjuk", 0).append(["Isi lembar berikut", "ya"])
    book.save(file)
    return file


def no_roster_sheet(folder: Path) -> Path:
    return write_xlsx(folder, [["a", "b"]], headings=["Kegiatan", "Anggaran"])


def empty_sheet(folder: Path) -> Path:
    return write_xlsx(folder, [], headings=[])


def bomb(folder: Path) -> Path:
    file = write_xlsx(folder, GOOD)
    with (
        zipfile.ZipFile(file, "a", zipfile.ZIP_DEFLATED) as archive,
        archive.open("xl/media/besar.bin", "w", force_zip64=True) as part,
    ):
        for _piece in range(200):
            part.write(bytes(2**20))
    return file


def far_cell(folder: Path) -> Path:
    file = write_xlsx(folder, GOOD)
    book = openpyxl.load_workbook(file)
    book.active["XFD1048576"] = "jauh"
    book.save(file)
    return file


def other_archive(folder: Path) -> Path:
    with zipfile.ZipFile(folder / "lain.xlsx", "w") as archive:
        archive.writestr("catatan.txt", "bukan buku kerja")
    return folder / "lain.xlsx"


def cut_off(folder: Path) -> Path:
    file = write_xlsx(folder, GOOD)
    file.write_bytes(file.read_bytes()[:-500])
    return file


def twice_a_heading(folder: Path) -> Path:
    return write_csv(folder, [[make_nip(1), "A", "B", UNIT]], headings=["NIP", "Nama", "NAMA PNS", "Unit Kerja"])


def no_unit_heading(folder: Path) -> Path:
    return write_csv(folder, [[make_nip(1), "A"]], headings=["NIP", "Nama"])


DAMAGES = [
    cell("scientific notation", "1.97E+17", "Excel"),
    cell("scientific notation with a comma", "1,97007E+17", "Excel"),
    cell("a lost zero", make_nip(3)[1:], "17 angka"),
    cell("digits that Excel lost", make_nip(3)[:15] + "000", "000"),
    cell("letter O for zero", make_nip(3).replace("0", "O"), "huruf"),
    cell("an impossible date", "19941332" + make_nip(3)[8:], "bukan tanggal"),
    cell("a leap day in no leap year", "19950229" + make_nip(3)[8:], "bukan tanggal"),
    cell("appointed before birth", "19940712199012" + "2001", "pengangkatan"),
    cell("an impossible sex", make_nip(3)[:14] + "7001", "Angka ke-15"),
    cell("no NIP", "", "kosong"),
    cell("an old NIP", "131234567", "NIP lama"),
    cell("words for a NIP", "belum ada", "angka"),
    cell("no name", "", "kosong", column="Nama"),
    cell("a number for a name", "12345", "bukan nama", column="Nama"),
    cell("a name that is too long", "A" * 201, "201", column="Nama"),
    cell("no unit", "", "kosong", column="Unit Kerja"),
    cell("an unknown unit", "Dinas Antah Berantah", "tidak dikenal", column="Unit Kerja"),
    cell("an unknown golongan", "V/a", "tidak dikenal", column="Golongan"),
    cell("a golongan of PPPK for a PNS", "IX", "PNS", column="Golongan"),
    cell("a golongan of PNS for a PPPK", "III/a", "PPPK", column="Golongan", NIP="199407122024212001"),
    cell("a bad e-mail", "maria[at]contoh.test", "surel", column="Email"),
    cell("an unknown standing", "entah", "tidak dikenal", column="Kedudukan"),
    workbook("a NIP as a number", 197007122020122003, "bilangan"),
    workbook("a NIP as a float", 1.97e17, "bilangan"),
    Damage("a formula", formula, "rumus", 4, "Nama"),
    Damage("the same NIP twice", two_of_one_nip, "baris 5", 4, "NIP", 2),
    Damage("the same e-mail twice", two_of_one_email, "baris 5", 4, "Email", 2),
    Damage("a comma without quotation marks", comma_in_a_name, "tanda kutip", 4, "Kedudukan"),
    Damage("empty lines", empty_lines, "tidak dikenal", 6, "Golongan"),
    Damage("headings in the middle", headings_again, "angka", 4, "NIP"),
    Damage("merged headings", merged_headings, "tidak dikenal", 7, "Gol"),
    Damage("a wrong sheet first", wrong_sheet_first, "18 angka", 4, "NIP"),
    Damage("no roster in any sheet", no_roster_sheet, "NIP"),
    Damage("an empty sheet", empty_sheet, "judul"),
    Damage("headings and no row", lambda folder: write_csv(folder, []), "tidak memuat pegawai"),
    Damage("a heading missing", no_unit_heading, "Unit Kerja"),
    Damage("a heading twice", twice_a_heading, "kolom B"),
    Damage("a ZIP bomb", bomb, "terlalu besar"),
    Damage("a cell far outside", far_cell, "di luar tabel"),
    Damage("another archive", other_archive, "bukan berkas XLSX"),
    Damage("a file cut off", cut_off, "rusak"),
    raw("UTF-16", csv_bytes("utf-16"), "UTF-16"),
    raw("Latin-1", csv_bytes("latin-1"), "bukan UTF-8"),
    raw("a picture", b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR" + bytes(100), "bukan CSV"),
    raw("an old workbook", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(512), ".xls", ending="xls"),
    raw("nothing", b"", "kosong"),
    raw("an open quotation mark", csv_bytes("utf-8") + b'\n"1994,Maria', "tanda kutip"),
]  # fmt: skip
