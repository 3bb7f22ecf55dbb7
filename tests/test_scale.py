"""10,000 units and 100,000 people: no page asks more, or grows longer, than for a few."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from academy.people.models import AgencyGroup, Person, Role
from academy.reports import registry
from academy.reports.filters import Attribution
from tests.crowd import Crowd, make_crowd
from tests.factories import LONG_AGO, PersonFactory, make_edition

MOST_QUERIES = 10
MAY_BE_LONGER, BYTES = 1.05, 1_000  # longer numbers, more numbers of pages, another agency
LAST = "page=99999"
SEARCHES = ("q=maria", f"q=maria&{LAST}", "q={nip}", "q=20150110")

OVERVIEW = tuple(
    f"/laporan/?{query}"
    for query in (
        "",
        LAST,
        "pelatihan={course}",
        "unit={wide}",
        "unit={wide}&" + LAST,
        "unit={department}",
        "unit={leaf}",
    )
)
FIGURES = tuple(
    f"/laporan/{name}/?{query}"
    for name in ("tren", "instansi")
    for query in ("", LAST, "pelatihan={course}", "unit={department}", "menurut=unit-saat-selesai")
)
LISTS = tuple(
    f"/laporan/{report.name}/?{query}"
    for report in registry.REPORTS.values()
    if report.page_view != registry.OVERVIEW
    for query in (
        *(f"keadaan={state.value}" for state in report.choices.states),
        *(f"menurut={Attribution.EARNED.value}&keadaan={state.value}" for state in report.choices.earned_states),
        *SEARCHES,
        LAST,
        "pelatihan={course}",
        "unit={wide}&langsung=ya",
        "unit={department}",
        "unit={wide}&q=maria",
        "unit={leaf}",
    )
)
DESK = (
    "/laporan/pegawai/?status=nonaktif",
    "/laporan/pegawai/{person}/",
    *(f"/laporan/bukti-dukung/?{query}" for query in ("", "unit={leaf}", "menurut=unit-saat-selesai")),
    "/laporan/berkas/",
    f"/laporan/berkas/?{LAST}",
    "/laporan/berkas/?daftar=lain",
    f"/laporan/berkas/?daftar=lain&{LAST}",
    "/kepegawaian/pegawai/{person}/kelola/",
    # the tree, one level at a time
    "/kepegawaian/unit-kerja/",
    f"/kepegawaian/unit-kerja/?{LAST}",
    "/kepegawaian/unit-kerja/?q=seksi",
    f"/kepegawaian/unit-kerja/?q=seksi&{LAST}",
    "/kepegawaian/unit-kerja/{wide}/",
    "/kepegawaian/unit-kerja/{wide}/?" + LAST,
    "/kepegawaian/unit-kerja/{department}/",
    "/kepegawaian/unit-kerja/{leaf}/",
    *(f"/kepegawaian/unit-kerja/{{department}}/{word}/" for word in ("buka", "ubah-nama")),
    # choosing a unit or a person
    *(
        f"/kepegawaian/{address}?{query}"
        for address in ("pegawai/{person}/kelola/pindah/", "unit-kerja/{department}/gabung/")
        for query in ("", "q=seksi", "di={wide}", "di={department}")
    ),
    "/kepegawaian/unit-kerja/{department}/pindah/",
    "/kepegawaian/mutasi/{transfer}/tempatkan/?di={wide}",
    *(
        f"/kepegawaian/peran/beri/?{query}"
        for query in ("", *SEARCHES, "pegawai={person}", "pegawai={person}&di={wide}")
    ),
    "/kepegawaian/pegawai/{person}/kelola/pindah/?unit={wide}",
    # roles, transfers, codes, assignments, imports
    *(f"/kepegawaian/peran/?{query}" for query in ("", LAST, *SEARCHES, "keadaan=akan-datang", "keadaan=berakhir")),
    *(f"/kepegawaian/mutasi/?{query}" for query in ("", LAST, "daftar=keluar", f"daftar=keluar&{LAST}")),
    "/kepegawaian/aktivasi/",
    f"/kepegawaian/aktivasi/?{LAST}",
    "/kepegawaian/sertifikat/?tahun=2026",
    "/kepegawaian/sertifikat/?tahun=2026&unit={leaf}&pelatihan={course}",
    "/kepegawaian/penugasan/",
    f"/kepegawaian/penugasan/?{LAST}",
    "/kepegawaian/penugasan/baru/",
    "/kepegawaian/penugasan/baru/?unit={leaf}",
    "/kepegawaian/penugasan/{assignment}/",
    "/laporan/pegawai/impor/",
    "/laporan/pegawai/impor/unit/",
)
OPERATOR = (
    *(
        f"/pengelola/{name}/?{query}"
        for name in ("instansi", "kelompok", "peran", "impor", "catatan", "catatan/akses", "angka")
        for query in ("", LAST)
    ),
    *(f"/pengelola/{name}/?q={{nip}}" for name in ("peran", "catatan", "catatan/akses")),
    *(f"/pengelola/{name}/?q=maria" for name in ("peran", "catatan", "catatan/akses")),
    "/pengelola/impor/?instansi={agency}",
    "/pengelola/instansi/{agency}/",
    "/pengelola/peran/baru/",
)

QUALITY = ("/pengelola/pelatihan/", f"/pengelola/pelatihan/?{LAST}", "/pengelola/pelatihan/{course}/mutu/")


@dataclass
class Cost:
    view: str
    queries: int
    length: int


def costs(crowd: Crowd) -> dict[str, Cost]:
    """What each page costs its reader."""
    group = AgencyGroup.objects.create(name=f"Provinsi {crowd.agency.pk}")
    group.agencies.set([crowd.agency, crowd.transfer.from_unit.agency])
    of_group = PersonFactory(unit=crowd.leaf)
    Role.objects.create(person=of_group, kind=Role.Kind.HR, group=group, from_at=LONG_AGO)
    unit = crowd.assignment.course.organiser.unit
    organiser = PersonFactory(unit=unit)
    Role.objects.create(person=organiser, kind=Role.Kind.ORGANISER, unit=unit, from_at=LONG_AGO)
    return (
        _costs("HR", crowd.officer, crowd, [*OVERVIEW, *LISTS, *DESK])
        | _costs("HR of a group", of_group, crowd, [*OVERVIEW, *FIGURES, *LISTS[-3:], *DESK[:8]])
        | _costs("organiser", organiser, crowd, QUALITY)
        | _costs("operator", PersonFactory(unit=crowd.leaf, is_superuser=True), crowd, OPERATOR)
    )


def _costs(reader: str, person: Person, crowd: Crowd, pages: Iterable[str]) -> dict[str, Cost]:
    client = Client()
    client.force_login(person)
    client.get("/belajar/")  # fills what is kept between requests
    keys = {name: getattr(crowd, name).pk for name in ("agency", "wide", "department", "leaf", "person", "transfer")}
    keys |= {"assignment": crowd.assignment.pk, "nip": crowd.person.nip, "course": crowd.assignment.course.key}
    found = {}
    for page in pages:
        with CaptureQueriesContext(connection) as captured:
            response = client.get(page.format(**keys))
        assert response.status_code == 200, page
        found[f"{reader}: {page}"] = Cost(str(response.resolver_match.view_name), len(captured), len(response.content))
    return found


def test_no_page_asks_more_or_grows_for_a_hundred_thousand_people(db):
    edition = make_edition(lessons=1, questions=0)
    few = costs(make_crowd(edition=edition, wide=210, deep=1_400, people=3_000, enrolled=300))
    crowd = make_crowd(edition=edition, wide=3_000, deep=7_000, people=100_000, enrolled=5_000)
    many = costs(crowd)
    assert crowd.root.get_descendant_count() >= 10_000
    assert Person.objects.filter(unit__agency=crowd.agency).count() >= 100_000
    assert {page: cost.queries for page, cost in many.items() if cost.queries > MOST_QUERIES} == {}
    queries = {page: (few[page].queries, cost.queries) for page, cost in many.items()}
    assert {page: pair for page, pair in queries.items() if pair[0] != pair[1]} == {}
    short, long = longest(few), longest(many)
    lengths = {view: (short[view], length) for view, length in long.items()}
    assert {view: pair for view, pair in lengths.items() if pair[1] > pair[0] * MAY_BE_LONGER + BYTES} == {}


def longest(found: dict[str, Cost]) -> dict[str, int]:
    """The longest page of every view: full pages are compared with full ones."""
    lengths: dict[str, int] = {}
    for cost in found.values():
        lengths[cost.view] = max(cost.length, lengths.get(cost.view, 0))
    return lengths
