"""Promise P8: whatever stands in the address, the answer is a page that says what was wrong, or a refusal."""

from __future__ import annotations

import pytest
from django.test import Client

from academy.people.models import AccessLog
from tests.reports.world import World, content, page_table, soup

NONSENSE = [
    "abc",
    "-1",
    "1.5",
    "١٢",
    "²",
    "0x1",
    "%00",
    "\x00",
    "x" * 5000,
    "' OR 1=1 --",
    "<script>",
    "1e309",
    "\ud7ff😀",
]
NAMES = ("tahun", "bulan", "pelatihan", "unit", "keadaan", "langsung", "page")
WRONG = [(name, value) for name in NAMES for value in NONSENSE]


@pytest.mark.parametrize(("name", "value"), WRONG)
def test_nonsense_in_a_filter_is_left_out_and_said(hr: Client, name: str, value: str):
    response = hr.get("/laporan/peserta/", {name: value})
    assert response.status_code == 200
    assert len(soup(response).select(".notice--warn")) == 1
    assert len(page_table(response).rows) == 7
    assert "<script>" not in response.content.decode().replace("<script src", "")


@pytest.mark.parametrize(("name", "value"), [(name, value) for name, value in WRONG if name not in {"page", "keadaan"}])
def test_a_file_is_refused_instead(hr: Client, name: str, value: str):
    for word in ("csv", "xlsx", "json", "pdf"):
        response = hr.get(f"/laporan/unit.{word}", {name: value})
        assert response.status_code == 400
        assert soup(response).select(".notice--warn")
    assert not AccessLog.objects.exists()


@pytest.mark.parametrize("value", ["1800", "2031", "9999", "0000"])
def test_a_year_without_courses_shows_this_year(hr: Client, value: str):
    assert "Tidak ada pelatihan pada tahun yang diminta" in soup(hr.get(f"/laporan/?tahun={value}")).get_text()


@pytest.mark.parametrize("value", ["0", "13", "99", "1.5", "١٢", "abc"])
def test_a_month_that_is_none_shows_the_year(hr: Client, value: str):
    shown = soup(hr.get("/laporan/penyelesaian/", {"bulan": value})).get_text()
    assert "Bulan pada alamat bukan 1 sampai 12" in shown


@pytest.mark.parametrize("unit", ["0", "99999999", "9" * 18])
def test_a_unit_that_is_not_there_is_not_found(hr: Client, unit: str):
    for address in ("", "unit.csv", "pelatihan.json", "pegawai/", "pegawai.xlsx", "peserta/", "peserta.csv"):
        assert hr.get(f"/laporan/{address}?unit={unit}").status_code == 404


@pytest.mark.parametrize("page", ["0", "-3", "2", "999999999999999999999", "9" * 5000, "last", "1 "])
def test_a_page_that_is_not_there_shows_one_that_is(hr: Client, page: str):
    response = hr.get("/laporan/pegawai/", {"page": page})
    assert "Halaman itu tidak ada" in soup(response).get_text()
    assert len(page_table(response).rows) == 7


@pytest.mark.parametrize("text", ["x" * 101, "ñ" * 5000, "x" * 100 + "\x00" * 50 + "y"])
def test_an_overlong_search_is_cut_and_said(hr: Client, text: str):
    assert "lebih dari 100 huruf" in soup(hr.get("/laporan/pegawai/", {"q": text})).get_text()
    assert hr.get("/laporan/pegawai.csv", {"q": text}).status_code == 400


@pytest.mark.parametrize(
    "text", ["\x00", "%", "_", "\\", "'", '"', "a\nb", "\u2028", "😀", "<b>", "=1+1", "\r\nSet-Cookie: a=b"]
)
def test_any_text_may_be_searched_for(hr: Client, text: str):
    for address in ("pegawai/", "peserta/", "peserta/?keadaan=sasaran"):
        path, _, query = address.partition("?")
        parameters = dict([query.split("=")] if query else []) | {"q": text}
        assert hr.get(f"/laporan/{path}", parameters).status_code == 200
    for word in ("csv", "xlsx", "json", "pdf"):
        response = hr.get(f"/laporan/pegawai.{word}", {"q": text})
        assert response.status_code == 200
        assert "Set-Cookie" not in response.headers
        content(response)


@pytest.mark.parametrize(
    "address",
    [
        "pegawai/99999999999999999999999/",
        "pegawai/0/",
        "pegawai/-1/",
        "pegawai/a/",
        "unit.docx",
        "unit.CSV",
        "unit.",
        "pegawai.csv/",
    ],
)
def test_addresses_that_are_not_there_are_not_found(hr: Client, address: str):
    assert hr.get(f"/laporan/{address}").status_code == 404


def test_repeated_and_foreign_parameters_do_no_harm(world: World, hr: Client):
    response = hr.get(f"/laporan/?unit={world.alor.pk}&unit={world.kesehatan.pk}&next=//evil&scope=all&person=1")
    assert page_table(response).total("Sasaran") == "4"
