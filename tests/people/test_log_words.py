"""What a line of the log says to its readers, in Indonesian."""

import pytest

from academy.people.agencies import keep_group
from academy.people.models import AccessLog, ChangeLog, Role
from academy.people.models.change_log import record
from academy.people.roles import grant_role
from academy.people.views.log_words import in_one_line, in_words
from tests.factories import AT, AgencyFactory, PersonFactory, make_unit

pytestmark = pytest.mark.django_db
Action = ChangeLog.Action


def said(action, **detail):
    (words,) = in_words([record(action, by=None, at=AT, **detail)])
    return words["what"], in_one_line(words["parts"])


@pytest.mark.parametrize(
    ("action", "detail", "expected"),
    [
        (
            Action.ASSIGNED,
            {"course": "Dasar SPBE", "due_on": "2026-12-20", "people": 1234, "assignment": 7},
            (
                "Pelatihan ditugaskan",
                "Pelatihan: Dasar SPBE · Diselesaikan paling lambat: 20 Desember 2026 · Pegawai: 1.234",
            ),
        ),
        (Action.ASSIGNED, {"taken_back": True, "left": 2}, ("Penugasan pelatihan ditarik", "Keluar dari pelatihan: 2")),
        (
            Action.PLACED,
            {"before": "Dinas A", "after": "Dinas B", "from_on": "2026-11-23", "transfer": 4},
            ("Ditempatkan", "Dinas A → Dinas B · Mulai tanggal: 23 November 2026"),
        ),
        (Action.PLACED, {"before": "Dinas A", "after": ""}, ("Berhenti bertugas", "Dinas A")),
        (Action.RELEASED, {"to_agency": "Kab. Alor", "transfer": 4}, ("Dilepas", "Ke: Kab. Alor")),
        (
            Action.RELEASED,
            {"to_agency": "Kab. Alor", "transfer": 4, "withdrawn": True},
            ("Pelepasan ditarik", "Ke: Kab. Alor"),
        ),
        (
            Action.CORRECTED,
            {"before": {"grade": "III/a", "email": None}, "after": {"grade": "III/b", "email": "a@b.id"}},
            ("Diperbaiki", "Golongan: III/a → III/b · Surel: – → a@b.id"),
        ),
        (
            Action.UNIT_MERGED,
            {"name": "Dinas A", "into": "Dinas B", "into_unit": 9, "people": 3, "units": 0, "roles": 1},
            ("Unit digabung", "Nama: Dinas A · Ke: Dinas B · Pegawai: 3 · Peran: 1"),
        ),
        (Action.FOREIGN_NIP, {"count": 3}, ("Mengetahui bahwa sebuah NIP milik instansi lain", "Jumlah: 3")),
        (Action.CODE_MADE, {}, ("Kode aktivasi dibuat", "–")),
        (
            Action.ROSTER_UNDONE,
            {"kind": "units", "count": 2, "import": 5},
            ("Impor pegawai dibatalkan", "Jenis: Unit kerja · Jumlah: 2"),
        ),
    ],
)
def test_details_are_words(action, detail, expected):
    assert said(action, **detail) == expected


def test_a_role_is_told_by_kind_scope_and_moments():
    unit = make_unit("Dinas Kesehatan")
    operator, person = PersonFactory(is_superuser=True), PersonFactory(unit=unit)
    grant_role(person, kind=Role.Kind.HR, unit=unit, from_at=AT, until_at=None, by=operator, at=AT)
    (words,) = in_words(ChangeLog.objects.all())
    line = in_one_line(words["parts"])
    assert "Dinas Kesehatan" in line
    assert "Pengelola Kepegawaian" in line
    assert "2026, " in line
    assert "WITA" in line
    assert "T0" not in line


def test_agencies_and_units_are_called_by_their_names(django_assert_num_queries):
    group = keep_group(
        None, name="Provinsi", agencies=[AgencyFactory(code="7701", name="Kab. Kupang")], by=PersonFactory(), at=AT
    )
    unit = make_unit("Dinas Kesehatan")
    look = AccessLog.objects.create(
        person=PersonFactory(),
        action="report_file",
        scope="",
        at=AT,
        detail={"rows": 3, "unit": str(unit.pk), "tahun": "2026"},
    )
    lines = [ChangeLog.objects.get(), look]
    with django_assert_num_queries(2):
        changed, looked = in_words(lines)
    assert group.pk not in [part["after"] for part in changed["parts"]]
    assert in_one_line(changed["parts"]) == "Nama: – → Provinsi · Instansi: – → Kab. Kupang"
    assert in_one_line(looked["parts"]) == "Baris: 3 · Unit kerja: Dinas Kesehatan · Tahun: 2026"


def test_a_word_nobody_knows_is_shown_as_it_is():
    assert said(Action.CODE_MADE, other="x")[1] == "other: x"
