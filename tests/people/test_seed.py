"""The agencies of NTT."""

import pytest

from academy.people.models import Agency, Organiser, WorkUnit
from academy.people.seed import load_agencies

pytestmark = pytest.mark.django_db


def test_province_and_22_regencies_and_cities_load_once():
    group = load_agencies()
    count = WorkUnit.objects.count()
    assert load_agencies() == group
    assert (group.agencies.count(), Agency.objects.count(), WorkUnit.objects.count()) == (23, 23, count)
    assert Agency.objects.get(code="7721").siasn_id == "ff8080813ff0535b013ff0cfe00e2e82"
    assert len({agency.siasn_id for agency in Agency.objects.all()}) == 23
    assert Organiser.objects.get().unit.agency.code == "7700"


def test_the_tree_is_sound():
    load_agencies()
    assert WorkUnit.find_problems() == ([], [], [], [], [])
