"""The NIP of PNS and PPPK: what is taken apart, what is refused and why."""

from datetime import date

import pytest
from django.core.exceptions import ValidationError
from hypothesis import given
from hypothesis import strategies as st

from academy.people import nip
from academy.people.models import Person

PNS = "198609262015051001"
PPPK = "200012312024211001"


def test_pns_number_is_taken_apart():
    parsed = nip.parse("19860926 201505 1 001")
    assert (parsed.digits, parsed.kind, parsed.born_on) == (PNS, nip.NipKind.PNS, date(1986, 9, 26))
    assert (parsed.appointed_year, parsed.appointed_month, parsed.is_male, parsed.sequence) == (2015, 5, True, 1)


def test_pppk_number_is_told_by_its_agreement_digits():
    parsed = nip.parse(PPPK)
    assert (parsed.kind, parsed.appointed_year, parsed.appointed_month) == (nip.NipKind.PPPK, 2024, None)


@pytest.mark.parametrize(
    ("text", "part_of_message"),
    [
        ("", "hanya berisi angka"),
        ("19860926201505100", "Anda mengetik 17"),
        ("1986092620150510011", "Anda mengetik 19"),
        ("198613262015051001", "19861326"),
        ("198602302015051001", "19860230"),
        ("198609262015053001", "1 atau 2"),
        ("198609262015051000", "000"),
        ("1986O9262015051001", "hanya berisi angka"),
        ("1.98609E+17", "hanya berisi angka"),
        ("١٩٨٦٠٩٢٦٢٠١٥٠٥١٠٠١", "hanya berisi angka"),
    ],
)
def test_a_wrong_number_is_refused_with_the_reason(text, part_of_message):
    with pytest.raises(nip.InvalidNip, match=part_of_message):
        nip.parse(text)


@pytest.mark.parametrize("number", ["198609262015131001", "198609262015201001"])
def test_a_layout_nobody_has_described_is_accepted_with_a_warning(number):
    parsed = nip.parse(number)
    assert parsed.kind is nip.NipKind.UNKNOWN
    assert number[12:14] in parsed.warnings[0]


def test_the_field_of_a_person_refuses_what_is_no_nip():
    with pytest.raises(ValidationError, match="Anda mengetik 1"):
        Person(name="Maria", nip="1").clean_fields()


def test_unlikely_ages_and_future_appointments_only_warn():
    parsed = nip.parse("201009262026121001", today=date(2026, 11, 24))
    assert len(parsed.warnings) == 2


def test_grouping_and_masking():
    assert nip.grouped(PNS) == "19860926 201505 1 001"
    assert nip.masked(PNS) == "••••••••••••••1001"
    assert nip.masked("") == ""


@given(st.text(max_size=40))
def test_any_text_is_parsed_or_refused_never_an_accident(text):
    try:
        parsed = nip.parse(text)
    except nip.InvalidNip:
        return
    assert len(parsed.digits) == nip.LENGTH
