"""Signing in by NIP or e-mail, over the real pages."""

import pytest

from tests.factories import PersonFactory

pytestmark = pytest.mark.django_db
PASSWORD = "perahu-lontar-hujan"


@pytest.fixture
def person():
    return PersonFactory(nip="199407122020122003", email="maria@contoh.test", password=PASSWORD)


@pytest.mark.parametrize(
    "login", ["199407122020122003", "19940712 202012 2 003", "maria@contoh.test", " MARIA@contoh.test "]
)
def test_nip_and_email_both_open_the_door(client, person, login):
    response = client.post("/masuk/", {"login": login, "password": PASSWORD})
    assert (response.status_code, response.url) == (302, "/belajar/")
    assert int(client.session["_auth_user_id"]) == person.pk


@pytest.mark.parametrize("login", ["199407122020122003", "199407122020122004", "lain@contoh.test", "1994", "\x00", ""])
def test_a_wrong_login_is_refused_and_kept_in_the_form(client, person, login):
    response = client.post("/masuk/", {"login": login, "password": "salah-semua-ini"})
    assert response.status_code == 200
    assert "_auth_user_id" not in client.session
    assert login.replace("\x00", "") in response.content.decode()


def test_a_number_of_the_wrong_length_is_named(client, person):
    response = client.post("/masuk/", {"login": "19940712 202012 2 00", "password": PASSWORD})
    assert "NIP terdiri atas 18 angka, Anda mengetik 17." in response.content.decode()


def test_wrong_passwords_count_against_the_person_however_the_number_is_typed(client, person):
    for position in range(12):
        login = f"{person.nip[:position]} {person.nip[position:]}"
        response = client.post("/masuk/", {"login": login, "password": "salah-semua-ini"})
    assert "Terlalu banyak" in response.content.decode()
    client.post("/masuk/", {"login": person.nip, "password": PASSWORD})
    assert "_auth_user_id" not in client.session


def test_an_inactive_person_does_not_get_in(client, person):
    person.is_active = False
    person.save()
    client.post("/masuk/", {"login": person.email, "password": PASSWORD})
    assert "_auth_user_id" not in client.session


def test_a_foreign_next_is_not_followed(client, person):
    response = client.post("/masuk/?next=//jahat.test/", {"login": person.email, "password": PASSWORD})
    assert response.url == "/belajar/"


def test_nobody_registers_by_themselves(client):
    response = client.post("/akun/daftar/", {"email": "x@contoh.test", "password1": PASSWORD, "password2": PASSWORD})
    assert response.status_code in {200, 403}
    assert "_auth_user_id" not in client.session


def test_signing_out_needs_a_post(client, person):
    client.force_login(person)
    client.get("/keluar/")
    assert "_auth_user_id" in client.session
    client.post("/keluar/")
    assert "_auth_user_id" not in client.session
