"""A first password with a one-time code: whoever has no e-mail gets in too."""

from datetime import timedelta

import pytest
from django.utils import timezone

from academy.people import activation
from academy.people.models import ActivationCode, ChangeLog, Role
from academy.people.units import ensure_unit
from tests.factories import AT, LONG_AGO, PersonFactory, make_hr, make_unit

pytestmark = pytest.mark.django_db
PASSWORD = "pinang-sirih-kelapa"


@pytest.fixture
def officer():
    return make_hr(make_unit())


@pytest.fixture
def newcomer(officer):
    return PersonFactory(unit=officer.unit, email=None)


def post(client, nip: str, code: str, password: str = PASSWORD, again: str | None = None):
    fields = {"nip": nip, "code": code, "password1": password, "password2": again or password}
    return client.post("/masuk/aktivasi/", fields)


def test_a_code_sets_the_first_password_and_signs_in(client, officer, newcomer):
    (slip,) = activation.make_codes([newcomer], by=officer, at=timezone.now())
    typed = activation.grouped(slip.code).lower()
    response = post(client, newcomer.nip, f" {typed} ")
    assert (response.status_code, response.url) == (302, "/belajar/")
    assert client.get("/belajar/").status_code == 200
    newcomer.refresh_from_db()
    assert newcomer.check_password(PASSWORD)


def test_a_code_works_once(client, officer, newcomer):
    (slip,) = activation.make_codes([newcomer], by=officer, at=timezone.now())
    post(client, newcomer.nip, slip.code)
    client.logout()
    response = post(client, newcomer.nip, slip.code, "kata-sandi-yang-lain")
    assert response.status_code == 422
    newcomer.refresh_from_db()
    assert newcomer.check_password(PASSWORD)


def test_unknown_number_wrong_code_and_old_code_are_answered_alike(client, officer, newcomer):
    (old,) = activation.make_codes([newcomer], by=officer, at=timezone.now() - activation.VALID_FOR)
    stranger = PersonFactory()
    answers = [
        post(client, newcomer.nip, old.code),
        post(client, newcomer.nip, "ABCDEFGHJK"),
        post(client, stranger.nip, old.code),
        post(client, "199001012015011999", old.code),
    ]
    sentence = "NIP dan kode tidak cocok"
    assert [(each.status_code, sentence in each.text) for each in answers] == [(422, True)] * 4


def test_a_new_code_replaces_the_former(officer, newcomer):
    (first,) = activation.make_codes([newcomer], by=officer, at=AT)
    (second,) = activation.make_codes([newcomer], by=officer, at=AT)
    with pytest.raises(activation.WrongCode):
        activation.activate(newcomer.nip, first.code, password=PASSWORD, at=AT)
    assert activation.activate(newcomer.nip, second.code, password=PASSWORD, at=AT) == newcomer
    assert second.code not in str(ActivationCode.objects.values())


def test_a_code_ends_after_thirty_days(officer, newcomer):
    (slip,) = activation.make_codes([newcomer], by=officer, at=AT)
    with pytest.raises(activation.WrongCode):
        activation.activate(newcomer.nip, slip.code, password=PASSWORD, at=AT + timedelta(days=30))
    activation.activate(newcomer.nip, slip.code, password=PASSWORD, at=AT + timedelta(days=29))


def test_weak_and_different_passwords_are_refused_and_the_number_stays(client, officer, newcomer):
    (slip,) = activation.make_codes([newcomer], by=officer, at=timezone.now())
    weak = post(client, newcomer.nip, slip.code, "pendek")
    different = post(client, newcomer.nip, slip.code, again="pinang-sirih-lain")
    assert (weak.status_code, different.status_code) == (422, 422)
    assert newcomer.nip in weak.text
    assert "Kedua kata sandi berbeda" in different.text
    assert ActivationCode.objects.get().used_at is None


def test_tries_are_limited(client, newcomer):
    statuses = [post(client, newcomer.nip, "ABCDEFGHJK").status_code for _try in range(11)]
    assert statuses == [422] * 10 + [429]


def test_the_officer_prints_codes_for_people_of_the_scope_only(client, officer, newcomer):
    child = ensure_unit(officer.unit, "Bidang Contoh")
    below, foreign = PersonFactory(unit=child), PersonFactory()
    client.force_login(officer)
    page = client.get("/kepegawaian/aktivasi/")
    assert newcomer.nip in page.text
    assert foreign.nip not in page.text
    response = client.post("/kepegawaian/aktivasi/", {"person": [newcomer.pk, below.pk, foreign.pk]})
    assert response.text.count('class="slip"') == 2
    assert "no-store" in response.headers["Cache-Control"]
    assert set(ChangeLog.objects.values_list("subject", flat=True)) == {newcomer.pk, below.pk}


def test_choosing_nobody_is_refused(client, officer, newcomer):
    client.force_login(officer)
    response = client.post("/kepegawaian/aktivasi/")
    assert response.status_code == 422
    assert "Pilih paling sedikit satu orang" in response.text


def test_people_with_a_password_and_inactive_ones_are_not_listed(client, officer):
    known = PersonFactory(unit=officer.unit, password=PASSWORD)
    gone = PersonFactory(unit=officer.unit, is_active=False)
    client.force_login(officer)
    page = client.get("/kepegawaian/aktivasi/")
    assert known.nip not in page.text
    assert gone.nip not in page.text


def test_the_list_asks_a_fixed_number_of_questions(client, officer, django_assert_num_queries):
    client.force_login(officer)
    client.get("/kepegawaian/aktivasi/")  # fills the cache of the header
    for people in (1, 20):
        PersonFactory.create_batch(people, unit=officer.unit)
        with django_assert_num_queries(5):  # session, person with roles, roles; count, people
            client.get("/kepegawaian/aktivasi/")


def test_nobody_takes_over_an_account_of_wider_powers(officer, newcomer):
    Role.objects.create(person=newcomer, kind=Role.Kind.HR, unit=officer.unit.get_root(), from_at=LONG_AGO)
    other = PersonFactory(unit=officer.unit)
    with pytest.raises(activation.CannotMakeCode):
        activation.make_codes([other, newcomer], by=officer, at=AT)
    assert not ActivationCode.objects.exists()


def test_a_code_for_somebody_with_a_password_is_logged_as_that(officer):
    known = PersonFactory(unit=officer.unit, password=PASSWORD)
    (slip,) = activation.make_codes([known], by=officer, at=AT)
    assert ChangeLog.objects.get().detail == {"had_password": True}
    known.refresh_from_db()
    assert known.check_password(PASSWORD)
    activation.activate(known.nip, slip.code, password="kata-sandi-yang-baru", at=AT)
    known.refresh_from_db()
    assert known.check_password("kata-sandi-yang-baru")


def test_the_open_session_ends_when_the_code_is_used(client, officer):
    known = PersonFactory(unit=officer.unit, password=PASSWORD)
    client.force_login(known)
    (slip,) = activation.make_codes([known], by=officer, at=AT)
    assert client.get("/belajar/").status_code == 200
    activation.activate(known.nip, slip.code, password="kata-sandi-yang-baru", at=AT)
    assert client.get("/belajar/").status_code == 302


def test_a_kept_code_opens_no_account_that_became_mightier(officer, newcomer):
    (slip,) = activation.make_codes([newcomer], by=officer, at=AT)
    Role.objects.create(person=newcomer, kind=Role.Kind.HR, unit=officer.unit.get_root(), from_at=LONG_AGO)
    with pytest.raises(activation.WrongCode):
        activation.activate(newcomer.nip, slip.code, password=PASSWORD, at=AT)


def test_nobody_makes_a_code_for_oneself_or_for_whom_it_is_of_no_use(officer):
    inactive = PersonFactory(unit=officer.unit, is_active=False)
    without_number = PersonFactory(unit=officer.unit, nip=None, email="tanpa@contoh.test")
    for person in (officer, inactive, without_number):
        with pytest.raises(activation.CannotMakeCode):
            activation.make_codes([person], by=officer, at=AT)
    assert not ChangeLog.objects.exists()


def test_an_officer_enters_no_account_of_the_cms(officer):
    editor = PersonFactory(unit=officer.unit, is_staff=True, password=PASSWORD)
    with pytest.raises(activation.CannotMakeCode):
        activation.make_codes([editor], by=officer, at=AT)
