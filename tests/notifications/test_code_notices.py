"""Who has a password is told of a new code, once."""

from datetime import timedelta

import pytest

from academy.notifications.code_notices import owe_notices
from academy.notifications.models import Message
from academy.people.activation import VALID_FOR, make_codes
from tests.factories import AT, PersonFactory, make_hr, make_unit

pytestmark = pytest.mark.django_db


@pytest.fixture
def officer():
    return make_hr(make_unit(), name="Hesti Nalle")


def test_each_code_is_told_once_and_says_who_made_it(officer):
    person = PersonFactory(unit=officer.unit, password="pinang-sirih-lama", email="ana@contoh.test")
    for minute in range(2):
        make_codes([person], by=officer, at=AT + timedelta(minutes=minute))
        assert [owe_notices(at=AT + timedelta(minutes=minute)) for _sweep in range(2)] == [1, 0]
    first = Message.objects.earliest("pk")
    assert (first.person, first.subject) == (person, "Kode aktivasi baru untuk akun Anda")
    assert "24 November 2026 Hesti Nalle" in first.body
    assert "tetap berlaku sampai kode dipakai" in first.body


def test_newcomers_those_without_address_and_old_codes_owe_nothing(officer):
    newcomer = PersonFactory(unit=officer.unit, email="baru@contoh.test")
    silent = PersonFactory(unit=officer.unit, password="pinang-sirih-lama", email=None)
    late = PersonFactory(unit=officer.unit, password="pinang-sirih-lama", email="lama@contoh.test")
    make_codes([newcomer, silent], by=officer, at=AT)
    make_codes([late], by=officer, at=AT - VALID_FOR)
    assert owe_notices(at=AT) == 0
