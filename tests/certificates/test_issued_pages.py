"""The organiser's pages of certificates: finding them, revoking by one or two people, replacing after a correction."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from urllib.parse import urlencode

import pytest
from django.test import Client
from django.utils import timezone

from academy.notifications.models import Message
from academy.people.models import AccessLog, Organiser, Person, Role
from certificates import issuing, reissuing, revocation
from certificates.issued import DECLINED_SHOWN
from certificates.models import Certificate, Revocation, TemplateVersion
from tests.certificates.gathering import make_published
from tests.factories import AT, LONG_AGO, PersonFactory, make_edition

pytestmark = pytest.mark.django_db
LIST = "/pengelola/sertifikat/terbit/"
REVOKE = f"{LIST}cabut/"


def officer_of(organiser: Organiser, kind: Role.Kind = Role.Kind.ORGANISER) -> Person:
    person = PersonFactory(unit=organiser.unit)
    Role.objects.create(person=person, kind=kind, unit=organiser.unit, from_at=LONG_AGO)
    return person


def signed_in(person: Person) -> Client:
    client = Client()
    client.force_login(person)
    return client


@pytest.fixture
def edition():
    return make_edition()


@pytest.fixture
def officer(edition) -> Person:
    return officer_of(edition.course.organiser)


@pytest.fixture
def desk(officer: Person) -> Client:
    return signed_in(officer)


def certified(edition, count: int = 1, **fields) -> list[Certificate]:
    return [make_published(PersonFactory(**fields), edition=edition) for _each in range(count)]


def shown(answer) -> list[str]:
    return [row["number"] for row in answer.context["rows"]]


def to_revoke(certificates: list[Certificate]) -> str:
    return f"{REVOKE}?{urlencode([('sertifikat', one.pk) for one in certificates])}"


def revoke(client: Client, certificates: list[Certificate], **fields):
    """Fill in the form, look at what it touches, press the button."""
    fields = {"alasan": "issued-in-error", "catatan": "Surat 12"} | fields
    seen = client.post(to_revoke(certificates), fields)
    return client.post(to_revoke(certificates), fields | {"seen": seen.context["seen"]}, follow=True)


# The list


def test_the_list_holds_ones_own_certificates_only(desk, edition):
    (mine,), (foreign,) = certified(edition), certified(make_edition())
    answer = desk.get(LIST)
    assert shown(answer) == [mine.number]
    assert foreign.code not in answer.content.decode()


@pytest.mark.parametrize(
    ("state", "number"), [("berlaku", 0), ("dicabut", 1), ("diganti", 2), ("dibuat", 3), ("disisihkan", 4)]
)
def test_each_state_finds_its_certificate(desk, edition, state, number):
    rows = certified(edition, 5)
    changes: list[dict[str, Any]] = [
        {},
        {"revoked_at": AT, "superseded_at": AT},
        {"superseded_at": AT},
        {"published_at": None},
        {"published_at": None, "tries": issuing.MOST_TRIES, "last_error": "RenderError: <i>"},
    ]
    for row, fields in zip(rows, changes, strict=True):
        Certificate.objects.filter(pk=row.pk).update(**fields)
    assert shown(desk.get(LIST, {"keadaan": state})) == [rows[number].number]


def test_those_that_end_are_found_and_say_when(desk, edition):
    today = timezone.localdate()
    ends = {
        name: today + timedelta(days=days) for name, days in (("late", 91), ("soon", 90), ("last", 0), ("over", -1))
    }
    rows = dict(zip([*ends, "endless"], certified(edition, 5), strict=True))
    for name, last in ends.items():
        row = rows[name]
        type(row.completion).objects.filter(pk=row.completion_id).update(valid_until=last)
        Certificate.objects.filter(pk=row.pk).update(facts=row.facts | {"valid_until": last.isoformat()})

    def found(state: str) -> set[str]:
        numbers = set(shown(desk.get(LIST, {"keadaan": state})))
        return {name for name, row in rows.items() if row.number in numbers}

    assert found("berlaku") == {"late", "soon", "last", "endless"}
    assert found("segera-berakhir") == {"soon", "last"}
    assert found("kedaluwarsa") == {"over"}
    states = {row["number"]: (row["state"], bool(row["ends"])) for row in desk.get(LIST).context["rows"]}
    assert {name: (str(states[row.number][0]), states[row.number][1]) for name, row in rows.items()} == {
        "late": ("Berlaku", True), "soon": ("Segera berakhir", True), "last": ("Segera berakhir", True),
        "over": ("Habis masa berlaku", True), "endless": ("Berlaku", False),
    }  # fmt: skip
    page = desk.get(f"{LIST}{rows['over'].pk}/").text
    assert "Habis masa berlaku" in page
    assert "Cabut…" in page
    Certificate.objects.filter(pk=rows["over"].pk).update(revoked_at=AT)
    assert found("kedaluwarsa") == set()


def test_a_superuser_who_answers_for_no_organiser_opens_none_of_these_pages(edition):
    """As at the page of the signatory: who runs the machine has no say about certificates."""
    (row,) = certified(edition)
    client = signed_in(PersonFactory(is_superuser=True))
    assert {client.get(path).status_code for path in (LIST, f"{LIST}{row.pk}/", to_revoke([row]))} == {403}
    assert LIST not in client.get("/cms/").text


def test_one_is_found_by_number_code_name_course_and_run(desk, edition):
    wanted, _other = certified(edition)[0], certified(edition)[0]
    person = wanted.completion.person
    for text in (wanted.number, wanted.code[:4] + "-" + wanted.code[4:].lower(), person.name.upper()):
        led = desk.post(LIST, {"q": text})
        assert led.status_code == 302
        assert shown(desk.get(led.url)) == [wanted.number], text
    assert len(shown(desk.get(LIST, {"pelatihan": edition.course_id}))) == 2
    assert len(shown(desk.get(LIST, {"angkatan": wanted.completion.enrolment.run_id}))) == 2


def test_a_nip_finds_its_holder_and_stands_in_no_address(desk, edition):
    wanted, _other = certified(edition, 2)
    nip = str(wanted.completion.person.nip)
    led = desk.post(LIST, {"q": f"{nip[:8]} {nip[8:]}", "keadaan": "berlaku"})
    assert nip not in led.url
    assert "keadaan=berlaku" in led.url
    assert shown(desk.get(led.url)) == [wanted.number]


def test_a_nip_of_another_organisers_holder_is_refused_and_kept_as_typed(desk):
    (foreign,) = certified(make_edition())
    nip = foreign.completion.person.nip
    answer = desk.post(LIST, {"q": nip})
    assert answer.status_code == 422
    assert nip in answer.content.decode()
    assert "Tidak ada pemegang sertifikat Anda dengan NIP ini." in answer.content.decode()


def test_the_person_of_another_organiser_cannot_be_filtered_for(desk, edition):
    (foreign,) = certified(make_edition())
    (problem,) = desk.get(LIST, {"orang": foreign.completion.person_id}).context["problems"]
    assert problem.startswith("Pemegang: ")


def test_fifty_a_page_and_as_many_queries_for_one_as_for_many(desk, edition, django_assert_max_num_queries):
    certified(edition)
    desk.get(LIST)  # what is kept in caches
    with django_assert_max_num_queries(100) as few:
        desk.get(LIST)
    certified(edition, 50)
    with django_assert_max_num_queries(len(few)):
        answer = desk.get(LIST)
    assert len(shown(answer)) == 50
    assert len(shown(desk.get(LIST, {"page": 2}))) == 1


# One certificate


def test_one_certificate_shows_all_revisions_with_who_and_why_and_is_logged(desk, officer, edition):
    (old,) = certified(edition)
    revoke(desk, [old], catatan="Surat 7/2026")
    new = reissuing.reissue(old, correction="Nama dibetulkan", by=officer, at=AT + timedelta(days=1))
    page = desk.get(f"{LIST}{new.pk}/").content.decode()
    for text in (old.number, new.number, "Nama dibetulkan", "Surat 7/2026", "Diterbitkan karena keliru", officer.name):
        assert text in page
    assert AccessLog.objects.filter(person=officer, subject=old.completion.person).exists()


def test_a_failure_is_told_on_the_page(desk, edition):
    (row,) = certified(edition)
    Certificate.objects.filter(pk=row.pk).update(published_at=None, tries=5, last_error="RenderError: <b>font</b>")
    assert "RenderError: &lt;b&gt;font&lt;/b&gt;" in desk.get(f"{LIST}{row.pk}/").content.decode()


@pytest.mark.parametrize(
    "door", ["{pk}/", "{pk}/ganti/", "cabut/?sertifikat={pk}", "cabut/?sertifikat={own}&sertifikat={pk}"]
)
@pytest.mark.parametrize("method", ["get", "post"])
def test_another_organisers_certificate_does_not_exist(desk, edition, door, method):
    (own,), (foreign,) = certified(edition), certified(make_edition())
    path = LIST + door.format(pk=foreign.pk, own=own.pk)
    if method == "post" and door == "{pk}/":
        return  # opened with GET only
    assert getattr(desk, method)(path, {"alasan": "issued-in-error"} if method == "post" else None).status_code == 404
    assert not Certificate.objects.exclude(revoked_at=None).exists()


def test_who_writes_courses_sees_no_certificates(edition):
    (row,) = certified(edition)
    trainer = signed_in(officer_of(edition.course.organiser, Role.Kind.TRAINER))
    assert {trainer.get(path).status_code for path in (LIST, f"{LIST}{row.pk}/", to_revoke([row]))} == {403}


# Revoking


def test_a_few_are_revoked_after_a_look_at_whose_they_are(desk, officer, edition):
    rows = certified(edition, 2)
    seen = desk.post(to_revoke(rows), {"alasan": "misconduct", "hapus_jp": "on"})
    page = seen.content.decode()
    assert all(row.facts["name"] in page for row in rows)
    assert "tidak diperlukan" in page
    assert not Certificate.objects.exclude(revoked_at=None).exists()
    done = revoke(desk, rows, alasan="misconduct", hapus_jp="on")
    assert "2 sertifikat dicabut." in done.content.decode()
    assert Certificate.objects.filter(revocation_reason="misconduct", annuls_credit=True).count() == 2
    made = Revocation.objects.get()
    assert (made.proposed_by, made.note) == (officer, "Surat 12")


def test_revoking_again_is_refused_and_makes_nothing(desk, edition):
    rows = certified(edition)
    revoke(desk, rows)
    again = desk.post(to_revoke(rows), {"alasan": "misconduct"})
    assert again.status_code in {200, 422}
    assert "Tidak ada yang masih berlaku" in again.content.decode()
    assert Revocation.objects.count() == 1


@pytest.mark.parametrize("fields", [{}, {"alasan": "x"}, {"alasan": "misconduct", "catatan": "x" * 1001}])
def test_a_form_that_makes_no_sense_revokes_nothing(desk, edition, fields):
    rows = certified(edition)
    assert desk.post(to_revoke(rows), fields).status_code == 422
    assert not Revocation.objects.exists()


@pytest.mark.parametrize("keys", ["²", "99999999999999999999", "-1", "a\x00b", ""])
def test_what_is_no_certificate_does_not_exist(desk, keys):
    assert desk.get(REVOKE, {"sertifikat": keys}).status_code == 404


def test_without_a_choice_one_is_led_back(desk):
    assert desk.get(REVOKE).url == LIST


def test_certificates_of_two_organisers_are_not_revoked_at_once(edition):
    other = make_edition()
    person = officer_of(edition.course.organiser)
    Role.objects.create(person=person, kind="organiser", unit=other.course.organiser.unit, from_at=LONG_AGO)
    rows = certified(edition) + certified(other)
    answer = signed_in(person).post(to_revoke(rows), {"alasan": "misconduct"})
    assert "satu penyelenggara saja" in answer.content.decode()
    assert not Revocation.objects.exists()


def test_eleven_wait_for_a_second_person_who_is_another(desk, edition):
    rows = certified(edition, 11)
    assert "Diusulkan" in revoke(desk, rows).content.decode()
    assert not Certificate.objects.exclude(revoked_at=None).exists()
    proposal = Revocation.objects.get()
    path = f"{LIST}usulan/{proposal.pk}/"
    assert f"{path}batalkan/" in desk.get(LIST).content.decode()
    assert desk.post(f"{path}setujui/").status_code == 422
    assert not Certificate.objects.exclude(revoked_at=None).exists()

    second = signed_in(officer_of(edition.course.organiser))
    assert f"{path}setujui/" in second.get(LIST).content.decode()
    assert second.get(f"{path}batalkan/").status_code == 404
    assert "11 sertifikat dicabut." in second.post(f"{path}setujui/", follow=True).content.decode()
    assert "11 sertifikat dicabut." in second.post(f"{path}setujui/", follow=True).content.decode()
    assert Certificate.objects.exclude(revoked_at=None).count() == 11
    assert desk.post(f"{path}batalkan/").status_code == 422


def test_a_proposal_is_withdrawn_by_whoever_made_it(desk, officer, edition):
    rows = certified(edition, 11)
    revoke(desk, rows)
    path = f"{LIST}usulan/{Revocation.objects.get().pk}/"
    for _twice in range(2):
        assert "Usulan ditarik" in desk.post(f"{path}batalkan/", follow=True).content.decode()
    second = signed_in(officer_of(edition.course.organiser))
    assert second.post(f"{path}setujui/").status_code == 422
    assert not Certificate.objects.exclude(revoked_at=None).exists()


def test_the_second_person_declines_and_the_proposer_sees_why(desk, officer, edition):
    rows = certified(edition, 11)
    revoke(desk, rows)
    path = f"{LIST}usulan/{Revocation.objects.get().pk}/tolak/"
    assert path not in desk.get(LIST).text
    assert desk.post(path, {"catatan": "Tidak"}).status_code == 422
    other = officer_of(edition.course.organiser)
    second = signed_in(other)
    assert path in second.get(LIST).text
    assert "Surat 12" in second.get(path).text
    for note in ("", " ", "x" * 1001):
        assert second.post(path, {"catatan": note}).status_code == 422
    assert Revocation.objects.waiting().exists()
    for note in ("Suratnya <b>belum</b> ada", "Lain"):
        assert "Usulan ditolak" in second.post(path, {"catatan": note}, follow=True).text
    seen = desk.get(LIST).text
    assert "Suratnya &lt;b&gt;belum&lt;/b&gt; ada" in seen
    assert f"Ditolak oleh {other.full_name}" in seen
    assert "Usulan Anda yang ditolak" not in second.get(LIST).text
    for door in ("setujui", "batalkan"):
        client = second if door == "setujui" else desk
        assert client.post(path.replace("tolak", door)).status_code == 422
    assert not Certificate.objects.exclude(revoked_at=None).exists()
    Revocation.objects.update(declined_at=timezone.now() - DECLINED_SHOWN)
    assert "Suratnya" not in desk.get(LIST).text


def test_another_organisers_proposal_does_not_exist(desk):
    rows = certified(make_edition(), 11)
    proposal = revocation.revoke(
        rows, organiser=rows[0].organiser, reason=Revocation.Reason.MISCONDUCT, annuls_credit=False, note="",
        by=PersonFactory(), at=AT,
    )  # fmt: skip
    for door in ("setujui", "batalkan", "tolak"):
        for ask in (desk.get, desk.post):
            assert ask(f"{LIST}usulan/{proposal.pk}/{door}/").status_code == 404


# Replacing


def test_a_correction_shows_old_and_new_and_makes_the_next_revision(desk, officer, edition):
    (old,) = certified(edition)
    person = old.completion.person
    person.name = "Maria Yuliana Tefa-Bere"
    person.save()
    path = f"{LIST}{old.pk}/ganti/"
    page = desk.get(path).content.decode()
    assert "Maria Yuliana Tefa-Bere" in page
    assert old.facts["name"] in page
    versions = TemplateVersion.objects.count()
    seen = desk.post(path, {"alasan": "Nama"})
    assert (Certificate.objects.count(), TemplateVersion.objects.count()) == (1, versions)
    done = desk.post(path, {"alasan": "Nama", "seen": seen.context["seen"]})
    new = Certificate.objects.get(revision=2)
    assert done.url == f"{LIST}{new.pk}/"
    assert (new.correction, new.corrected_by, new.facts["name"][:23]) == ("Nama", officer, "Maria Yuliana Tefa-Bere")
    again = desk.post(path, {"alasan": "Nama", "seen": seen.context["seen"]})
    assert (again.url, Certificate.objects.count()) == (done.url, 2)

    issuing.publish_file(new, at=AT)
    told = Message.objects.get(key=f"certificate-published:{new.pk}")
    assert f"menggantikan nomor {old.number}" in told.body


def test_where_nothing_would_change_it_has_to_be_confirmed(desk, edition):
    (old,) = certified(edition)
    path = f"{LIST}{old.pk}/ganti/"
    assert desk.post(path, {"alasan": "Berkas rusak"}).status_code == 422
    assert Certificate.objects.count() == 1
    fields = {"alasan": "Berkas rusak", "tetap": "on"}
    shown = desk.post(path, fields)
    assert Certificate.objects.count() == 1, "shown before it is done"
    desk.post(path, fields | {"seen": shown.context["seen"]})
    assert Certificate.objects.count() == 2


def test_one_revoked_with_its_credit_is_not_replaced(desk, edition):
    rows = certified(edition)
    revoke(desk, rows, hapus_jp="on")
    answer = desk.post(f"{LIST}{rows[0].pk}/ganti/", {"alasan": "NIP", "tetap": "on"})
    assert answer.url == f"{LIST}{rows[0].pk}/"
    assert Certificate.objects.count() == 1


def test_a_reason_is_needed(desk, edition):
    (old,) = certified(edition)
    assert desk.post(f"{LIST}{old.pk}/ganti/", {"alasan": " ", "tetap": "on"}).status_code == 422
    assert Certificate.objects.count() == 1


def test_the_desk_leads_there_for_who_answers_for_an_organiser(desk, edition):
    assert LIST in desk.get("/cms/").content.decode()
    trainer = signed_in(officer_of(edition.course.organiser, Role.Kind.TRAINER))
    page = trainer.get("/cms/").content.decode()
    assert "/pengelola/sertifikat/angkatan/" in page
    assert LIST not in page
