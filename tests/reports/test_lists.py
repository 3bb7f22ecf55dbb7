"""The lists behind the figures, and the page of one person."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from academy.pages.templatetags import formats
from academy.people.models import AccessLog, Person
from tests.factories import PersonFactory, make_completion, make_edition, make_enrolment
from tests.reports.world import (
    AT,
    World,
    complete,
    content,
    make_certificate,
    page_table,
    read_csv,
    read_json,
    read_xlsx,
    soup,
)

PEOPLE = ["NIP", "Nama", "Unit Kerja", "Perangkat Daerah", "Instansi", "Terdaftar", "Selesai", "JP"]
PARTICIPANTS = [*PEOPLE[:5], "Pelatihan", "Edisi", "Keadaan", "Kemajuan (%)", "Terakhir aktif", "Nilai", "JP",
                "Tanggal selesai", "Nomor sertifikat"]  # fmt: skip


def names(response):
    return page_table(response).column("Nama")


def test_people_are_sorted_by_unit_and_name(world: World, hr: Client):
    table = page_table(hr.get("/laporan/pegawai/"))
    ana = world.people["ana"]
    assert table.headings == PEOPLE
    assert table.rows[0] == [
        ana.nip,
        "Ana, S.Kom.",
        "Pemerintah Kab. Kupang",
        "Pemerintah Kab. Kupang",
        "Pemerintah Kab. Kupang",
        "2",
        "1",
        "3",
    ]
    assert table.column("Nama") == [
        f"{name}, S.Kom." for name in ("Ana", "Beni", "Citra", "Dedi", "Elsa", "Fani", "Hesti")
    ]
    assert table.column("Perangkat Daerah")[3] == "Dinas Kesehatan"
    assert table.totals == ["Jumlah", "", "", "", "", "7", "2", "6"]


@pytest.mark.parametrize(
    ("state", "expected"),
    [
        ("sasaran", "Ana Beni Citra Dedi Elsa Fani Hesti"),
        ("terdaftar", "Ana Beni Citra Dedi Elsa"),
        ("belum-dimulai", "Elsa"),
        ("berjalan", "Citra Dedi"),
        ("selesai", "Ana Beni"),
        ("bersertifikat", "Ana"),
        ("belum-terdaftar", "Fani Hesti"),
    ],
)
def test_people_by_state(hr: Client, state: str, expected: str):
    assert names(hr.get(f"/laporan/pegawai/?keadaan={state}")) == [f"{name}, S.Kom." for name in expected.split()]


@pytest.mark.parametrize(
    ("state", "expected"),
    [
        ("terdaftar", "Ana-X Ana-Y Beni-X Citra-X Dedi-X Dedi-Y Elsa-X"),
        ("belum-dimulai", "Ana-Y Dedi-X Elsa-X"),
        ("berjalan", "Citra-X Dedi-Y"),
        ("selesai", "Ana-X Beni-X"),
        ("bersertifikat", "Ana-X"),
        ("belum-terdaftar", "Beni-Y Citra-Y Elsa-Y Fani-X Fani-Y Hesti-X Hesti-Y"),
        (
            "sasaran",
            "Ana-X Ana-Y Beni-X Beni-Y Citra-X Citra-Y Dedi-X Dedi-Y Elsa-X Elsa-Y Fani-X Fani-Y Hesti-X Hesti-Y",
        ),
    ],
)
def test_participants_by_state(hr: Client, state: str, expected: str):
    table = page_table(hr.get(f"/laporan/peserta/?keadaan={state}"))
    letter = {"Keamanan Informasi": "X", "Dasar SPBE": "Y"}
    pairs = zip(table.column("Nama"), table.column("Pelatihan"), strict=True)
    assert [f"{name.split(',')[0]}-{letter[course]}" for name, course in pairs] == expected.split()


@pytest.mark.parametrize("state", ["terdaftar", "sasaran"])
def test_a_participant_line_says_all_about_the_pair(world: World, hr: Client, state: str):
    table = page_table(hr.get(f"/laporan/peserta/?keadaan={state}&pelatihan=x"))
    assert table.headings == PARTICIPANTS
    ana, beni = table.rows[:2]
    assert ana[5:] == [
        "Keamanan Informasi",
        "1.0",
        "Selesai",
        "0",
        "",
        "88",
        "3",
        "24 November 2026",
        "0001/BPSDMD/XI/2026",
    ]
    assert beni[5:] == ["Keamanan Informasi", "1.0", "Selesai", "0", "", "88", "3", "24 November 2026", ""]
    assert table.rows[2][5:] == ["Keamanan Informasi", "1.0", "Sedang berjalan", "0", "", "–", "–", "", ""]
    assert table.total("JP") == "6"
    if state == "sasaran":
        assert table.rows[-1][5:] == ["Keamanan Informasi", "", "Belum terdaftar", "–", "", "–", "–", "", ""]


@pytest.mark.parametrize("text", ["ana", "ANA", " a n A ", "tidak ada"])
def test_search_by_name_needs_every_word(hr: Client, text: str):
    expected = {
        "ana": ["Ana, S.Kom."],
        "ANA": ["Ana, S.Kom."],
        " a n A ": ["Ana, S.Kom.", "Fani, S.Kom."],
        "tidak ada": [],
    }
    response = hr.get("/laporan/pegawai/", {"q": text})
    assert (names(response) if expected[text] else soup(response).select("main table")) == expected[text]


@pytest.mark.parametrize(
    "address", ["/laporan/pegawai/", "/laporan/peserta/", "/laporan/peserta/?keadaan=sasaran&pelatihan=x"]
)
def test_search_by_nip_allows_spaces(world: World, hr: Client, address: str):
    nip = world.people["citra"].nip
    text = f"{nip[:8]} {nip[8:14]} {nip[14]} {nip[15:]}"
    path, _, query = address.partition("?")
    parameters = dict(pair.split("=") for pair in query.split("&") if pair) | {"q": text}
    assert names(hr.get(path, parameters)) == ["Citra, S.Kom."]


def test_pages_hold_fifty_lines_and_name_them_all(world: World, hr: Client):
    for number in range(70):
        PersonFactory(name=f"Pegawai {number:02}", unit=world.puskesmas)
    first, second = hr.get("/laporan/pegawai/"), hr.get("/laporan/pegawai/?page=2")
    assert (len(names(first)), len(names(second))) == (50, 27)
    assert not set(page_table(first).column("NIP")) & set(page_table(second).column("NIP"))
    assert "77 baris" in soup(first).get_text()
    assert page_table(first).totals == page_table(second).totals == ["Jumlah", "", "", "", "", "7", "2", "6"]


def test_credit_hours_count_a_course_once_and_annulled_ones_not(world: World, hr: Client):
    ana, edition = world.people["ana"], world.course_x.editions.get()
    second = world.course_x.runs.create(year=2026, number=2, opens_on=date(2026, 1, 1), closes_on=date(2026, 12, 31))
    complete(make_enrolment(ana, edition=edition, run=second))
    assert page_table(hr.get("/laporan/pegawai/?q=ana")).rows[0][5:] == ["2", "1", "3"]
    beni = world.people["beni"].completions.get()
    make_certificate(beni, revoked_at=AT, annuls_credit=True)
    assert page_table(hr.get("/laporan/pegawai/?q=beni")).rows[0][5:] == ["1", "1", "0"]
    assert page_table(hr.get("/laporan/peserta/?q=beni")).column("JP") == ["0"]


def test_the_page_of_a_person_holds_courses_and_certificates(world: World, hr: Client):
    ana = world.people["ana"]
    make_certificate(ana.completions.get(), revision=2, revoked_at=AT, number="lama")
    link = soup(hr.get("/laporan/pegawai/?q=ana")).find("a", string="Ana, S.Kom.")
    response = hr.get(link["href"])
    courses, certificates = page_table(response), page_table(response, 1)
    assert courses.headings == [
        "Pelatihan",
        "Tahun",
        "Edisi",
        "Keadaan",
        "Kemajuan (%)",
        "Terakhir aktif",
        "Nilai",
        "JP",
        "Tanggal selesai",
        "Nomor sertifikat",
    ]
    assert courses.rows == [
        ["Keamanan Informasi", "2026", "1.0", "Selesai", "0", "", "88", "3", "24 November 2026", "0001/BPSDMD/XI/2026"],
        ["Dasar SPBE", "2026", "1.0", "Belum dimulai", "0", "", "–", "–", "", ""],
    ]
    assert [row[::4] for row in certificates.rows] == [["lama", "Dicabut"], ["0001/BPSDMD/XI/2026", "Berlaku"]]
    assert soup(response).find("a", string="0001/BPSDMD/XI/2026")["href"] == f"/V/{1:016d}"


@pytest.mark.parametrize(
    ("days", "state"), [(91, "Berlaku"), (90, "Segera berakhir"), (0, "Segera berakhir"), (-1, "Habis masa berlaku")]
)
def test_the_page_of_a_person_tells_until_when_a_certificate_holds(world: World, hr: Client, days: int, state: str):
    ana, last = world.people["ana"], timezone.localdate() + timedelta(days=days)
    ana.completions.update(valid_until=last)
    table = page_table(hr.get(f"/laporan/pegawai/{ana.pk}/"), 1)
    assert table.headings[3:] == ["Berlaku sampai", "Keadaan"]
    assert table.rows[0][3:] == [formats.day(last), state]
    sheet = read_csv(content(hr.get(f"/laporan/pegawai/{ana.pk}/sertifikat.csv")))
    assert [row[4] for row in sheet.rows] == [state]


FORMATS = {"csv": read_csv, "xlsx": read_xlsx, "json": read_json}


def test_everybodys_edition_stands_on_pages_and_in_files(world: World, hr: Client):
    """Finished in 1.0, learning in 1.0 after 2.0 came out, and begun in 2.0; who is in no course has none."""
    newer = make_edition(world.course_x, major=2, minor=10, questions=0, note="Bab tentang AI ditambahkan.")
    gone = make_enrolment(world.people["fani"], edition=newer)
    expected = {"Ana": "1.0", "Beni": "1.0", "Citra": "1.0", "Dedi": "1.0", "Elsa": "1.0", "Fani": "2.10"}
    for address in ("pegawai/?pelatihan=x", "peserta/?pelatihan=x&keadaan=sasaran", "peserta/?pelatihan=x"):
        everybody = {} if address.endswith("peserta/?pelatihan=x") else {"Hesti": ""}
        sheets = [page_table(hr.get(f"/laporan/{address}"))]
        sheets += [
            read(content(hr.get(f"/laporan/{address.replace('/?', f'.{word}?')}"))) for word, read in FORMATS.items()
        ]
        for sheet in sheets:
            people = [name.split(",")[0] for name in sheet.column("Nama")]
            editions = [number or "" for number in sheet.column("Edisi")]
            assert dict(zip(people, editions, strict=True)) == expected | everybody
    link = soup(hr.get("/laporan/pegawai/?pelatihan=x")).find("a", string="2.10")
    assert "Bab tentang AI ditambahkan." in hr.get(link["href"]).text
    own = hr.get(f"/laporan/pegawai/{gone.person_id}/")
    assert page_table(own).column("Edisi") == ["2.10"]
    assert soup(own).find("a", string="2.10")["href"] == link["href"]
    for word, read in FORMATS.items():
        assert read(content(hr.get(f"/laporan/pegawai/{gone.person_id}/pelatihan.{word}"))).column("Edisi") == ["2.10"]


def test_who_looked_at_whom_is_written_down(world: World, hr: Client):
    hr.get(f"/laporan/pegawai/{world.people['ana'].pk}/")
    entry = AccessLog.objects.get()
    assert (entry.person, entry.action, entry.subject) == (world.hr, "person_page", world.people["ana"])
    assert entry.scope == "Pemerintah Kab. Kupang"


@pytest.mark.parametrize("address", ["pegawai/", "peserta/", "peserta/?keadaan=sasaran"])
@pytest.mark.parametrize("people", [1, 30])
def test_queries_stay_the_same_whatever_the_size(
    world: World, hr: Client, django_assert_num_queries, address: str, people: int
):
    edition = world.course_x.editions.get()
    for _number in range(people):
        make_certificate(make_completion(PersonFactory(unit=world.puskesmas), edition=edition))
    hr.get(f"/laporan/{address}")
    with django_assert_num_queries(9):  # session, person, roles, units, courses, years; count, sums, lines
        hr.get(f"/laporan/{address}")


def test_queries_of_a_person_page(world: World, hr: Client, django_assert_num_queries):
    hr.get("/laporan/")
    with django_assert_num_queries(9):  # session, person, roles; subject, log; time zones; lines, sums, lines
        hr.get(f"/laporan/pegawai/{world.people['ana'].pk}/")


def test_inactive_people_are_found_by_their_status_only(world: World, hr: Client):
    Person.objects.filter(pk=world.people["citra"].pk).update(is_active=False)
    active, inactive = hr.get("/laporan/pegawai/"), hr.get("/laporan/pegawai/?status=nonaktif")
    assert "Citra" not in " ".join(page_table(active).column("Nama"))
    in_file = read_csv(content(hr.get("/laporan/pegawai.csv?status=nonaktif"))).column("Nama")
    assert [name.split(",")[0] for name in [*page_table(inactive).column("Nama"), *in_file]] == ["Citra", "Citra"]
    assert "hanya daftar pegawai" in hr.get("/laporan/peserta/?status=nonaktif").content.decode().lower()
    assert hr.get("/laporan/peserta.csv?status=nonaktif").status_code == 400


@pytest.mark.parametrize(
    "address", ["/laporan/pegawai/?q=tidakada", "/laporan/peserta/?q=tidakada", "/laporan/jp/?q=tidakada"]
)
def test_an_empty_list_reads_no_lines(world: World, hr: Client, address: str):
    with CaptureQueriesContext(connection) as asked:
        assert "0 baris" in soup(hr.get(address)).main.get_text()
    assert [query["sql"] for query in asked if '"nip"' in query["sql"] and "ORDER BY" in query["sql"]] == []
