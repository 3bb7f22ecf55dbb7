"""People in the CMS: access is managed there, nobody is deleted."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import Group
from django.urls import reverse

from academy.people.models import Person
from tests.factories import PersonFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def administrator(client):
    person = PersonFactory(is_superuser=True, name="Admin Contoh")
    client.force_login(person)
    return person


def edit(client, person, **fields):
    data = {"name": person.name, "email": person.email or "", "is_active": "on"} | fields
    return client.post(reverse("wagtailusers_users:edit", args=[person.pk]), data)


@pytest.mark.parametrize("query", ["", "?q=Contoh", "?ordering=-name", "?ordering=email", "?ordering=is_superuser"])
def test_people_are_listed(client, administrator, query):
    response = client.get(reverse("wagtailusers_users:index") + query)
    assert response.status_code == 200
    assert "Admin Contoh" in response.content.decode()


def test_a_person_gets_into_a_group(client, administrator):
    person = PersonFactory()
    group = Group.objects.create(name="Pengajar")
    assert client.get(reverse("wagtailusers_users:edit", args=[person.pk])).status_code == 200
    assert edit(client, person, groups=[group.pk]).status_code == 302
    assert person.groups.get() == group


def test_a_person_without_an_address_stays_without(client, administrator):
    person = PersonFactory(email=None)
    assert edit(client, person).status_code == 302
    person.refresh_from_db()
    assert person.email is None


def test_a_person_needs_a_way_to_sign_in(client, administrator):
    person = PersonFactory(nip=None)
    assert edit(client, person, email="").status_code == 200
    person.refresh_from_db()
    assert person.email


def test_an_address_belongs_to_one_person(client, administrator):
    person = PersonFactory()
    assert edit(client, person, email=administrator.email.upper()).status_code == 200
    assert Person.objects.filter(email__iexact=administrator.email).count() == 1


def test_a_person_is_added(client, administrator):
    data = {
        "name": "Baru",
        "email": "baru@contoh.test",
        "password1": "kata-sandi-panjang",
        "password2": "kata-sandi-panjang",
    }
    assert client.get(reverse("wagtailusers_users:add")).status_code == 200
    assert client.post(reverse("wagtailusers_users:add"), data).status_code == 302
    assert Person.objects.get(email="baru@contoh.test").check_password("kata-sandi-panjang")


def test_nobody_is_deleted(client, administrator):
    person = PersonFactory()
    client.post(reverse("wagtailusers_users:delete", args=[person.pk]))
    client.post(reverse("wagtail_bulk_action", args=["people", "person", "delete"]) + f"?id={person.pk}")
    assert Person.objects.filter(pk=person.pk).exists()
