"""Correcting what is known about a person; switching an account off and on."""

from datetime import UTC, date, datetime

import pytest

from academy.people import units
from academy.people.corrections import CannotCorrect, correct, deactivate, reactivate
from academy.people.models import ChangeLog, NipHistory, Person, Role
from tests.factories import LONG_AGO, PersonFactory, make_hr, make_unit

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 11, 24, 6, 30, tzinfo=UTC)


@pytest.fixture
def unit():
    return make_unit("Dinas Kesehatan")


@pytest.fixture
def hr(unit):
    return make_hr(unit)


def refusal(person, changes, hr):
    with pytest.raises(CannotCorrect) as refused:
        correct(person, changes, by=hr, at=NOW)
    assert not ChangeLog.objects.exists()
    return refused.value


def test_a_correction_is_logged_once_with_before_and_after(unit, hr):
    person = PersonFactory(unit=unit, name="Maria Bere")
    for _time in range(2):
        correct(person, {"name": " Maria  Berek ", "grade": "III/a"}, by=hr, at=NOW)
    line = ChangeLog.objects.get()
    assert Person.objects.get(pk=person.pk).name == "Maria Berek"
    assert (line.action, line.actor, line.unit, line.subject) == ("corrected", hr, unit, person)
    assert line.detail == {"before": {"name": "Maria Bere"}, "after": {"name": "Maria Berek"}}


def test_a_corrected_number_keeps_the_former_one_and_tells_the_kind(unit, hr):
    person = PersonFactory(unit=unit, nip="199407122020121001")
    correct(person, {"nip": "19940712 202021 1 001"}, by=hr, at=NOW)
    fresh = Person.objects.get(pk=person.pk)
    assert (fresh.nip, fresh.kind, ChangeLog.objects.get().action) == ("199407122020211001", "pppk", "nip_changed")
    assert list(NipHistory.objects.values_list("nip", "until_on")) == [("199407122020121001", date(2026, 11, 24))]


def test_a_number_that_somebody_has_or_had_is_refused_without_saying_whose(unit, hr):
    person, other, third = PersonFactory(unit=unit), PersonFactory(name="Yohana Rahasia"), PersonFactory()
    NipHistory.objects.create(person=third, nip="199407122021211001", until_on=date(2025, 1, 1))
    for number in (other.nip, "199407122021211001"):
        refused = refusal(person, {"nip": number}, hr)
        assert refused.field == "nip"
        assert "Yohana" not in str(refused)
        assert number not in str(refused)


def test_an_address_that_is_taken_is_refused_in_any_case(unit, hr):
    person, other = PersonFactory(unit=unit), PersonFactory(email="yohana@contoh.test")
    assert other.email
    assert refusal(person, {"email": "Yohana@Contoh.test"}, hr).field == "email"


@pytest.mark.parametrize(
    ("field", "text"),
    [
        ("name", "  "),
        ("name", "x" * 201),
        ("nip", "123"),
        ("nip", "199413122020121001"),
        ("email", "bukan-surel"),
        ("grade", "V/a"),
        ("title_after", "x" * 81),
    ],
)
def test_what_is_wrong_is_refused_with_its_field(unit, hr, field, text):
    assert refusal(PersonFactory(unit=unit), {field: text}, hr).field == field


def test_a_person_keeps_a_way_to_sign_in(unit, hr):
    person = PersonFactory(unit=unit, email=None)
    assert refusal(person, {"nip": ""}, hr).field == "nip"


def test_a_grade_of_pppk_has_no_letter(unit, hr):
    assert correct(PersonFactory(unit=unit), {"grade": "IX"}, by=hr, at=NOW).grade == "IX"


def test_an_officer_cannot_take_over_wider_powers_by_an_address(unit, hr):
    """HR of a unit could send a new password to an address of choice: not for those who hold more."""
    chief = PersonFactory(unit=unit)
    Role.objects.create(person=chief, kind=Role.Kind.HR, unit=unit.get_parent(), from_at=LONG_AGO)
    assert refusal(chief, {"email": "milik.saya@contoh.test"}, hr).field == "email"
    assert refusal(PersonFactory(unit=unit, is_superuser=True), {"email": "a@contoh.test"}, hr).field == "email"
    correct(chief, {"position": "Kepala Dinas"}, by=hr, at=NOW)  # says nothing about signing in
    equal = make_hr(unit)
    correct(equal, {"email": "kolega@contoh.test"}, by=hr, at=NOW)
    assert ChangeLog.objects.count() == 2


def test_deactivating_and_back_are_logged_once_each(unit, hr):
    person = PersonFactory(unit=unit)
    for _time in range(2):
        deactivate(person, by=hr, at=NOW)
    assert not Person.objects.get(pk=person.pk).is_active
    for _time in range(2):
        reactivate(person, by=hr, at=NOW)
    assert Person.objects.get(pk=person.pk).is_active
    assert [line.action for line in ChangeLog.objects.order_by("pk")] == ["deactivated", "reactivated"]


def test_oneself_and_wider_powers_are_not_deactivated(unit, hr):
    chief = PersonFactory(unit=unit)
    Role.objects.create(person=chief, kind=Role.Kind.OPERATOR, unit=unit.get_parent(), from_at=LONG_AGO)
    for person in (hr, chief):
        with pytest.raises(CannotCorrect):
            deactivate(person, by=hr, at=NOW)
    assert Person.objects.filter(is_active=False).count() == 0


def test_nobody_comes_back_into_a_closed_unit(unit, hr):
    child = units.ensure_unit(unit, "Puskesmas Lama")
    person = PersonFactory(unit=child, is_active=False)
    units.close_unit(child, by=hr, at=NOW)
    with pytest.raises(CannotCorrect):
        reactivate(person, by=hr, at=NOW)
