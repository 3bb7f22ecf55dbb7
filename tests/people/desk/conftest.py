"""Two agencies, an officer in each, and browsers signed in as them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest
from bs4 import BeautifulSoup, Tag
from django.test import Client

from academy.people import units
from academy.people.models import Person, WorkUnit
from tests.factories import AgencyFactory, PersonFactory, make_hr


@dataclass
class World:
    """Kupang: Kesehatan (Puskesmas Tarus below it) and Sosial. Alor: Kominfo. Ana works at Kesehatan, Gita at Kominfo."""

    kupang: WorkUnit
    kesehatan: WorkUnit
    puskesmas: WorkUnit
    sosial: WorkUnit
    alor: WorkUnit
    kominfo: WorkUnit
    ana: Person
    gita: Person
    hr: Person
    hr_alor: Person


@pytest.fixture
def world(db: None) -> World:
    kupang = units.ensure_root(AgencyFactory(name="Pemerintah Kab. Kupang"))
    alor = units.ensure_root(AgencyFactory(name="Pemerintah Kab. Alor"))
    kesehatan, kominfo = units.ensure_unit(kupang, "Dinas Kesehatan"), units.ensure_unit(alor, "Dinas Kominfo")
    return World(
        kupang=kupang,
        kesehatan=kesehatan,
        puskesmas=units.ensure_unit(kesehatan, "Puskesmas Tarus"),
        sosial=units.ensure_unit(kupang, "Dinas Sosial"),
        alor=alor,
        kominfo=kominfo,
        ana=PersonFactory(name="Ana Bere", unit=kesehatan),
        gita=PersonFactory(name="Gita Laka", unit=kominfo),
        hr=make_hr(kupang, name="Hesti Nalle"),
        hr_alor=make_hr(alor, name="Joni Atamai"),
    )


@pytest.fixture
def hr(world: World, client: Client) -> Client:
    client.force_login(world.hr)
    return client


@pytest.fixture
def hr_alor(world: World) -> Client:
    client = Client()
    client.force_login(world.hr_alor)
    return client


def confirm(browser: Client, url: str, fields: dict[str, str]) -> Any:
    """Send a form, look at what it would change, and send that."""
    return browser.post(url, fields | {"seen": seen_in(browser.post(url, fields))})


def seen_in(response: Any) -> str:
    """What the page says was looked at."""
    field = BeautifulSoup(response.content, "html.parser").find("input", attrs={"name": "seen"})
    assert isinstance(field, Tag), text(response)
    return str(field["value"])


def text(response: Any) -> str:
    """What the page says, in one line."""
    page = BeautifulSoup(response.content, "html.parser")
    return (page.find("main") or page).get_text(" ", strip=True)
