"""Who took a file along is shown to whoever is over one of its units, over a part of them, or over more."""

from __future__ import annotations

import pytest

from academy.people import units
from academy.people.accesses import files_about, log_file
from academy.people.models import AccessLog, WorkUnit
from tests.factories import AT, PersonFactory, make_unit

pytestmark = pytest.mark.django_db


def below(unit: WorkUnit):
    return WorkUnit.objects.filter(path__startswith=unit.path)


def test_a_file_is_about_its_units_what_lies_below_and_what_lies_above():
    department = make_unit("Dinas Kesehatan")
    clinic, sibling = (units.ensure_unit(department, name) for name in ("Puskesmas Tarus", "Puskesmas Oesapa"))
    stranger = make_unit("Dinas Lain")
    entry = log_file(PersonFactory(), scope="x" * 400, at=AT, detail={"rows": 3}, units=[clinic.pk])
    AccessLog.objects.create(person=entry.person, action="person_page", scope="", at=AT).units.add(clinic)
    assert (entry.action, len(entry.scope), list(entry.units.all())) == ("report_file", 300, [clinic])
    for seen in (department, clinic):
        assert list(files_about(below(seen), above=[])) == [entry]
    for unseen in (sibling, stranger):
        assert not files_about(below(unseen), above=WorkUnit.paths_to(unseen.path)[:-1]).exists()
    entry.units.set([department])
    for part in (clinic, sibling):
        assert list(files_about(below(part), above=WorkUnit.paths_to(part.path)[:-1])) == [entry]
