"""Opening, renaming, moving, merging and closing units."""

from datetime import UTC, date, datetime, timedelta

import pytest

from academy.people import units
from academy.people.models import ChangeLog, Person, Role, WorkUnit
from academy.people.placements import mirror_placements_that_came, place
from academy.people.scope import people_visible_to
from academy.people.signals import placed
from academy.people.transfers import move
from academy.people.units import CannotChangeUnit, Touched
from tests.factories import OrganiserFactory, PersonFactory, make_completion, make_enrolment, make_hr, make_unit

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 11, 24, 6, 30, tzinfo=UTC)
TODAY = date(2026, 11, 24)


@pytest.fixture
def root():
    """Root > Kesehatan > (Puskesmas Tarus, Puskesmas Baun) · Root > Sosial."""
    kesehatan = make_unit("Dinas Kesehatan")
    for name in ("Puskesmas Tarus", "Puskesmas Baun"):
        units.ensure_unit(kesehatan, name)
    return units.ensure_unit(kesehatan.get_parent(), "Dinas Sosial").get_parent()


@pytest.fixture
def hr(root):
    return make_hr(root)


@pytest.fixture
def heard():
    sent = []

    def hear(person_ids, **kwargs):
        sent.append(sorted(person_ids))

    placed.connect(hear)
    yield sent
    placed.disconnect(hear)


def named(name):
    return WorkUnit.objects.get(name=name)


def refused(action, *args, **kwargs):
    before = list(WorkUnit.objects.values_list("path", "name", "closed_on")), ChangeLog.objects.count()
    with pytest.raises(CannotChangeUnit) as refusal:
        action(*args, **kwargs)
    assert (list(WorkUnit.objects.values_list("path", "name", "closed_on")), ChangeLog.objects.count()) == before
    return str(refusal.value)


def test_opening_twice_opens_once(root, hr):
    first = units.open_unit(root, name="Dinas  Kominfo ", by=hr, at=NOW)
    again = units.open_unit(root, name="dinas kominfo", by=hr, at=NOW)
    assert (first, first.name, first.get_parent()) == (again, "Dinas Kominfo", root)
    assert [line.action for line in ChangeLog.objects.all()] == ["unit_opened"]


def test_a_name_is_needed_and_not_too_long(root, hr):
    refused(units.open_unit, root, name="  ", by=hr, at=NOW)
    refused(units.open_unit, root, name="x" * 201, by=hr, at=NOW)
    refused(units.rename_unit, named("Dinas Sosial"), name=" ", by=hr, at=NOW)


def test_renaming_is_logged_once(root, hr):
    for _time in range(2):
        units.rename_unit(
            named("Dinas Sosial") if _time == 0 else named("Dinas Sosial dan PPA"),
            name="Dinas Sosial dan PPA",
            by=hr,
            at=NOW,
        )
    line = ChangeLog.objects.get()
    assert (line.action, line.detail) == ("unit_renamed", {"before": "Dinas Sosial", "after": "Dinas Sosial dan PPA"})


def test_the_root_and_a_name_beside_are_not_taken(root, hr):
    refused(units.rename_unit, root, name="Kabupaten Lain", by=hr, at=NOW)
    refused(units.rename_unit, named("Dinas Sosial"), name="DINAS KESEHATAN", by=hr, at=NOW)


def test_a_branch_moves_with_all_below_it(root, hr):
    person = PersonFactory(unit=named("Puskesmas Baun"))
    officer = make_hr(named("Dinas Sosial"))
    assert person not in people_visible_to(officer, at=NOW)
    for _time in range(2):
        units.move_unit(named("Dinas Kesehatan"), to=named("Dinas Sosial"), by=hr, at=NOW)
    assert named("Puskesmas Baun").get_parent().get_parent() == named("Dinas Sosial")
    assert person in people_visible_to(officer, at=NOW)
    assert ChangeLog.objects.filter(action="unit_moved").count() == 1
    assert WorkUnit.find_problems() == ([], [], [], [], [])


def test_a_unit_does_not_move_below_itself_to_another_agency_or_beside_its_namesake(root, hr):
    kesehatan = named("Dinas Kesehatan")
    refused(units.move_unit, kesehatan, to=kesehatan, by=hr, at=NOW)
    refused(units.move_unit, kesehatan, to=named("Puskesmas Baun"), by=hr, at=NOW)
    refused(units.move_unit, kesehatan, to=make_unit(), by=hr, at=NOW)
    refused(units.move_unit, root, to=kesehatan, by=hr, at=NOW)
    units.ensure_unit(named("Dinas Sosial"), "Puskesmas Baun")
    twin = WorkUnit.objects.get(name="Puskesmas Baun", path__startswith=kesehatan.path)
    refused(units.move_unit, twin, to=named("Dinas Sosial"), by=hr, at=NOW)


def test_a_merge_carries_people_and_units_over_and_tells_once(root, hr, heard):
    kesehatan, sosial = named("Dinas Kesehatan"), named("Dinas Sosial")
    running, earned = make_enrolment(PersonFactory(unit=kesehatan)), make_completion(PersonFactory(unit=kesehatan))
    inactive, below = PersonFactory(unit=kesehatan, is_active=False), PersonFactory(unit=named("Puskesmas Baun"))
    for _time in range(2):
        units.merge_unit(kesehatan, into=sosial, by=hr, at=NOW)
    closed, sosial = named("Dinas Kesehatan"), named("Dinas Sosial")
    moved: list[Person] = [running.person, earned.person, inactive]
    assert (closed.closed_on, closed.merged_into) == (TODAY, sosial)
    assert heard == [sorted(person.pk for person in moved)]
    assert {Person.objects.get(pk=person.pk).unit for person in moved} == {sosial}
    assert Person.objects.get(pk=below.pk).unit == named("Puskesmas Baun")
    assert {unit.name for unit in sosial.get_children()} == {"Puskesmas Baun", "Puskesmas Tarus"}
    running.refresh_from_db()
    earned.refresh_from_db()
    assert (running.unit, earned.unit) == (sosial, closed)
    line = ChangeLog.objects.get(action="unit_merged")
    assert (line.unit, line.detail["people"], line.detail["units"]) == (closed, 3, 2)
    assert WorkUnit.find_problems() == ([], [], [], [], [])


def test_roles_over_a_merged_unit_end_and_are_not_widened(root, hr):
    kesehatan, sosial = named("Dinas Kesehatan"), named("Dinas Sosial")
    officer, person = make_hr(kesehatan), PersonFactory(unit=sosial)
    assert units.preview_merge(kesehatan, at=NOW) == Touched(here=1, people=1, inactive=0, units=2, roles=1)
    units.merge_unit(kesehatan, into=sosial, by=hr, at=NOW)
    assert person not in people_visible_to(officer, at=NOW)
    assert not Role.objects.in_force(NOW).filter(person=officer).exists()
    assert ChangeLog.objects.filter(action="role_ended", subject=officer).count() == 1


def test_a_plan_for_a_merged_unit_leads_to_the_other(root, hr):
    person = PersonFactory(unit=named("Puskesmas Baun"))
    move(person, unit=named("Dinas Kesehatan"), from_on=date(2026, 12, 1), by=hr, at=NOW)
    units.merge_unit(named("Dinas Kesehatan"), into=named("Dinas Sosial"), by=hr, at=NOW)
    mirror_placements_that_came(today=date(2026, 12, 1))
    assert Person.objects.get(pk=person.pk).unit == named("Dinas Sosial")


def test_a_merge_into_the_unit_above_works_and_below_does_not(root, hr):
    kesehatan, baun = named("Dinas Kesehatan"), named("Puskesmas Baun")
    refused(units.merge_unit, kesehatan, into=baun, by=hr, at=NOW)
    refused(units.merge_unit, kesehatan, into=kesehatan, by=hr, at=NOW)
    refused(units.merge_unit, root, into=kesehatan, by=hr, at=NOW)
    refused(units.merge_unit, kesehatan, into=make_unit(), by=hr, at=NOW)
    person = PersonFactory(unit=baun)
    units.merge_unit(baun, into=kesehatan, by=hr, at=NOW)
    assert Person.objects.get(pk=person.pk).unit == kesehatan


def test_units_of_the_same_name_are_named_before_a_merge(root, hr):
    units.ensure_unit(named("Dinas Sosial"), "Puskesmas Baun")
    sentence = refused(units.merge_unit, named("Dinas Kesehatan"), into=named("Dinas Sosial"), by=hr, at=NOW)
    assert "Puskesmas Baun" in sentence


def test_a_unit_that_runs_courses_stays(root, hr):
    OrganiserFactory(unit=named("Dinas Sosial"))
    refused(units.merge_unit, named("Dinas Sosial"), into=named("Dinas Kesehatan"), by=hr, at=NOW)
    refused(units.close_unit, named("Dinas Sosial"), by=hr, at=NOW)


def test_a_merged_unit_takes_part_in_nothing_more(root, hr):
    kesehatan, sosial = named("Dinas Kesehatan"), named("Dinas Sosial")
    units.merge_unit(kesehatan, into=sosial, by=hr, at=NOW)
    refused(units.merge_unit, kesehatan, into=root, by=hr, at=NOW)
    refused(units.rename_unit, kesehatan, name="Dinas Lain", by=hr, at=NOW)
    refused(units.open_unit, kesehatan, name="Bidang Baru", by=hr, at=NOW)
    refused(units.move_unit, sosial, to=kesehatan, by=hr, at=NOW)


def test_what_is_in_the_way_of_closing_is_said(root, hr):
    kesehatan = named("Dinas Kesehatan")
    place(PersonFactory(unit=None), unit=kesehatan, from_on=TODAY, today=TODAY)
    place(PersonFactory(), unit=kesehatan, from_on=TODAY + timedelta(days=1), today=TODAY)
    assert (
        len(units.obstacles_to_closing(kesehatan, units.preview_close(kesehatan, at=NOW), at=NOW)) == 4
    )  # one works there, two units, one to come; what to do
    refused(units.close_unit, kesehatan, by=hr, at=NOW)
    refused(units.close_unit, root, by=hr, at=NOW)


def test_an_empty_unit_closes_once_and_its_roles_end(root, hr):
    baun = named("Puskesmas Baun")
    inactive, officer = PersonFactory(unit=baun, is_active=False), make_hr(baun)
    move(officer, unit=root, from_on=TODAY, by=hr, at=NOW)
    for _time in range(2):
        units.close_unit(baun, by=hr, at=NOW)
    assert named("Puskesmas Baun").closed_on == TODAY
    assert Person.objects.get(pk=inactive.pk).unit == baun
    assert not Role.objects.in_force(NOW).filter(person=officer).exists()
    assert ChangeLog.objects.filter(action="unit_closed").count() == 1


def test_a_closed_name_is_free_again(root, hr):
    closed = units.close_unit(named("Puskesmas Baun"), by=hr, at=NOW)
    assert units.open_unit(named("Dinas Kesehatan"), name="Puskesmas Baun", by=hr, at=NOW) != closed


def test_previews_count_by_hand(root, hr):
    kesehatan = named("Dinas Kesehatan")
    PersonFactory(unit=kesehatan)
    PersonFactory(unit=kesehatan, is_active=False)
    make_hr(named("Puskesmas Baun"))
    assert units.preview_move(kesehatan, at=NOW) == Touched(here=1, people=2, inactive=1, units=2, roles=1)
    assert units.preview_merge(kesehatan, at=NOW) == Touched(here=1, people=2, inactive=1, units=2, roles=0)
    assert units.preview_rename(kesehatan, at=NOW) == Touched(here=1, people=1, inactive=1, units=2, roles=0)
    assert units.preview_open(kesehatan, at=NOW) == Touched(here=1, people=2, inactive=1, units=2, roles=1)
    assert units.preview_close(named("Puskesmas Tarus"), at=NOW) == Touched(
        here=0, people=0, inactive=0, units=0, roles=0
    )
