"""The operator's pages about numbers that agree: the recounts, what one found, and asking for one."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from academy.people.models import Role
from academy.reports import reconciliation
from academy.reports.models import Reconciliation
from courses.models import Enrolment
from tests.factories import make_completion, make_enrolment, make_unit
from tests.people.test_operator_pages import signed_in

pytestmark = pytest.mark.django_db
NUMBERS, CHECK = "/pengelola/angka/", "/pengelola/angka/periksa/"


@pytest.fixture
def operator(client: Client) -> Client:
    signed_in(client, Role.Kind.OPERATOR, make_unit("Diskominfo"))
    return client


def check(*, mends: bool = False) -> Reconciliation:
    asked = reconciliation.ask(by=None, mends=mends, at=timezone.now())
    return reconciliation.carry_out(asked, clock=timezone.now)


def text_of(client: Client, address: str) -> str:
    answer = client.get(address)
    assert answer.status_code == 200
    return answer.content.decode()


def test_before_and_after_the_first_recount(operator):
    assert "Belum ada pemeriksaan" in text_of(operator, NUMBERS)
    run = check()
    page = text_of(operator, NUMBERS)
    assert "Semua angka cocok" in page
    assert f"{NUMBERS}{run.pk}/" in page
    assert "Semua angka cocok" in text_of(operator, f"{NUMBERS}{run.pk}/")


def test_what_differs_is_named_with_the_way_to_its_run_and_mended_by_a_button(operator):
    enrolment = make_enrolment()
    Enrolment.objects.update(agency=None)
    run = check()
    page = text_of(operator, f"{NUMBERS}{run.pk}/")
    assert "1 angka berbeda" in page
    assert "Kepesertaan: instansi" in page
    assert f"/pengelola/sertifikat/angkatan/{enrolment.run_id}/" in page
    assert enrolment.person.name not in page
    assert (enrolment.person.nip or "") not in page
    assert f"{CHECK}?perbaiki=ya" in page
    assert "checked" in text_of(operator, f"{CHECK}?perbaiki=ya")
    answer = operator.post(CHECK, {"perbaiki": "on"})
    asked = Reconciliation.objects.get(finished_at=None)
    assert (answer["Location"], asked.mends) == (f"{NUMBERS}{asked.pk}/", True)
    assert "Angka sedang dihitung ulang" in text_of(operator, answer["Location"])
    reconciliation.work(clock=timezone.now)
    assert "Semua angka cocok" in text_of(operator, answer["Location"])
    assert "1 sudah diperbaiki" in text_of(operator, answer["Location"])


def test_asking_twice_is_asking_once(operator):
    for _number in range(2):
        operator.post(CHECK)
    assert Reconciliation.objects.count() == 1
    assert not Reconciliation.objects.get().mends


def test_a_recount_that_could_not_is_told(operator):
    run = check()
    Reconciliation.objects.update(problem="OperationalError")
    assert "tidak dapat diperiksa" in text_of(operator, f"{NUMBERS}{run.pk}/")
    assert "Gagal" in text_of(operator, NUMBERS)


def test_long_lists_ask_no_more(operator):
    check()

    def queries(address: str) -> int:
        with CaptureQueriesContext(connection) as asked:
            operator.get(address)
        return len(asked)

    few = queries(NUMBERS)
    for _number in range(60):
        make_enrolment()
    Enrolment.objects.update(agency=None)
    runs = [check() for _number in range(60)]
    assert queries(NUMBERS) <= few
    assert queries(f"{NUMBERS}{runs[-1].pk}/") <= few <= 10
    assert "page=2" in text_of(operator, f"{NUMBERS}{runs[-1].pk}/")


def test_the_probe_warns_and_stays_as_it_is(client):
    make_completion()
    assert client.get("/readyz").json()["checks"]["numbers"] == {"ok": True, "differences": None}
    Enrolment.objects.update(agency=None)
    check()
    found = client.get("/readyz").json()["checks"]["numbers"]
    assert (found["ok"], found["differences"]) == (True, 2), "the agency, and a certificate that is owed for days"
    assert "academy_numbers_differing 2.0" in client.get("/metrics").content.decode()
