"""Promise P7 for files: no forgery is genuine and each is told why; every published file is genuine; a copy is a copy."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable
from datetime import date, timedelta
from pathlib import Path
from typing import Any
from unittest.mock import ANY

import pypdfium2
import pytest
from django.test import Client

from certificates import file_check, issuing, store
from certificates.facts import CertificateFacts
from certificates.models import Certificate
from certificates.verification import Difference
from courses.models import Completion
from tests.certificates.forgeries import FORGERIES, RESAVED, Model, drawn, printed_by_a_browser, printed_page
from tests.factories import AT, PersonFactory, make_completion, make_edition

pytestmark = pytest.mark.django_db
LONG_NAME = "Maria Magdalena Bernadette Immaculata Tefa Nahak Seran de Rosari"
PUBLISHED = 100  # on each database
GROUPS = 4


def publish(completion: Completion) -> Certificate:
    return issuing.publish_file(issuing.issue(completion, at=AT), at=AT)


def content_of(certificate: Certificate) -> bytes:
    assert certificate.file
    return store.read(certificate.file.key)


def passed() -> Certificate:
    return publish(make_completion(PersonFactory(name="Maria Bere")))


def attended() -> Certificate:
    return publish(make_completion(outcome=Completion.Outcome.ATTENDED, score=0))


def long_name() -> Certificate:
    return publish(make_completion(PersonFactory(name=LONG_NAME, title_after="S.Kom., M.T.I., M.A.P.")))


def without_nip() -> Certificate:
    return publish(make_completion(PersonFactory(name="Yohanis Taek", nip=None, grade="", position="")))


def revoked() -> Certificate:
    certificate = passed()
    Certificate.objects.filter(pk=certificate.pk).update(revoked_at=AT, revocation_reason="terbit ganda")
    return certificate


def replaced() -> Certificate:
    certificate = passed()
    Certificate.objects.filter(pk=certificate.pk).update(superseded_at=AT + timedelta(days=1))
    return certificate


def expired() -> Certificate:
    """Until the end of 2021; a copy of it is a copy, and says that it ended."""
    return publish(make_completion(PersonFactory(name="Maria Bere"), valid_until=date(2021, 12, 31)))


KINDS = {one.__name__: one for one in (passed, attended, long_name, without_nip, revoked, replaced, expired)}
STANDING = {"revoked": "revoked", "replaced": "replaced"}


EVERY = 3


def tried_on(model: str, ways: Iterable[str]) -> list[str]:
    """All ways with the usual certificate; with the others every third, each way with two of them: drawing is not what differs."""
    place = list(KINDS).index(model)
    return list(ways) if place == 0 else list(ways)[place % EVERY :: EVERY]


def named(model: Model) -> dict[str, dict[str, Any]]:
    """What is told of forgeries of the usual certificate, at least: what the file says, and what the register."""
    return {
        "drawn anew with another name": {"name": ("Yohanis Palsu, S.E.", "Maria Bere, S.Kom.")},
        "drawn anew with another score": {"score": ("97,5 (batas lulus 70)", "88 (batas lulus 70)")},
        "drawn anew with another day": {"issued_on": ("Kupang, 2 Januari 2025", ANY)},
        "page removed": {"pages": ("1", "2")},
        "QR swapped": {"qr": (model.other.verify_url, model.facts.verify_url)},
        "re-signed": {"signature": ANY},
        "shadow content": {"layers": ANY},
        "script on opening": {"actions": ANY},
        "script of a page": {"actions": ANY},
        "another form": {"actions": ANY},
        "layer behind a lock": {"layers": ANY},
        "field over the name": {"laid_over": ("isian formulir", "tidak ada")},
        "note for the printer": {"laid_over": ("catatan atau cap", "tidak ada")},
        "link elsewhere": {"laid_over": ("tautan", "tidak ada")},
        "attachment swapped": {"attachment": ANY},
        "digit painted over": {"appearance": ANY},
        "invisible text": {"text": ANY},
        "update that is not seen": {"file": ANY},
    }


NOTHING_ELSE = {"drawn anew with another name", "field over the name", "note for the printer", "link elsewhere"}


def names_both_values(kind: str, differences: Iterable[Difference], expected: dict[str, Any]) -> bool:
    found = {one.name: (one.in_file, one.in_register) for one in differences}
    return (found if kind in NOTHING_ELSE else {name: found.get(name) for name in expected}) == expected


def attached_to(content: bytes) -> bytes:
    """The credential, byte by byte: a database may keep its keys in another order."""
    return bytes(pypdfium2.PdfDocument(content).get_attachment(0).get_data())


@pytest.fixture
def model(request: pytest.FixtureRequest, tmp_path: Path) -> Model:
    certificate, other = KINDS[request.param](), publish(make_completion())
    content = content_of(certificate)
    return Model(
        content=content,
        facts=CertificateFacts.from_json(certificate.facts),
        other=CertificateFacts.from_json(other.facts),
        credential=attached_to(content),
        other_credential=attached_to(content_of(other)),
        folder=tmp_path,
    )


@pytest.mark.parametrize("model", KINDS, indirect=True)
def test_no_forgery_is_genuine_and_a_copy_is_a_copy(model: Model, request: pytest.FixtureRequest):
    """Both with one model: drawing and signing it costs as much as looking at a file."""
    wrong: dict[str, Any] = {}
    name = request.node.callspec.params["model"]
    expected_names = named(model) if name == "passed" else {}
    assert set(expected_names) <= set(FORGERIES)
    for kind in tried_on(name, FORGERIES):
        forge, right = FORGERIES[kind]
        verdict = file_check.look(forge(model))
        told = verdict.why is not None or verdict.differences != ()
        if verdict.outcome.value not in right or not told or verdict.checks["file"] != "no":
            wrong[kind] = (verdict.outcome.value, verdict.why, verdict.differences, verdict.checks)
        elif kind in expected_names and not names_both_values(kind, verdict.differences, expected_names[kind]):
            wrong[kind] = verdict.differences
    expected = STANDING.get(name, "resaved")
    for program in tried_on(name, RESAVED):
        verdict = file_check.look(RESAVED[program](model))
        if (verdict.outcome.value, verdict.differences, verdict.checks["file"]) != (expected, (), "no"):
            wrong[program] = (verdict.outcome.value, verdict.differences, verdict.checks)
        assert verdict.facts == model.facts, "with the facts to compare"
    assert wrong == {}


def test_there_are_enough_forgeries():
    assert len(FORGERIES) >= 12
    tried = Counter(kind for name in KINDS for kind in tried_on(name, FORGERIES))
    assert tried.total() >= 100
    assert {kind: times for kind, times in tried.items() if times < 3} == {}


@pytest.mark.parametrize("group", range(GROUPS))
def test_every_published_file_is_genuine(group: int, monkeypatch: pytest.MonkeyPatch):
    """Each drawn, signed and stored as always; the reader is not even started."""
    monkeypatch.delattr(file_check.sandbox, "claims")
    edition = make_edition()
    completions = [
        make_completion(
            PersonFactory(name=f"Maria {'Bere ' * (number % 9)}{number}"),
            edition=edition,
            outcome=Completion.Outcome.ATTENDED if number % 5 == 0 else Completion.Outcome.PASSED,
        )
        for number in range(PUBLISHED // GROUPS)
    ]
    verdicts = [file_check.look(content_of(publish(one))) for one in completions]
    assert {verdict.outcome.value for verdict in verdicts} == {"genuine"}
    assert len({verdict.code for verdict in verdicts}) == PUBLISHED // GROUPS
    assert all(set(verdict.checks.values()) == {"yes"} for verdict in verdicts)


def test_the_file_of_an_earlier_revision_is_replaced_and_a_revoked_one_revoked():
    assert file_check.look(content_of(replaced())).outcome == "replaced"
    assert file_check.look(content_of(revoked())).outcome == "revoked"


@pytest.mark.parametrize("model", ["passed"], indirect=True)
def test_what_a_browser_prints_is_never_genuine(model: Model):
    """From a viewer that shows pictures of the pages; and the answer of ours, printed, which only names a certificate."""
    copy = file_check.look(printed_by_a_browser(model))
    assert (copy.outcome, copy.differences, copy.facts) == ("resaved", (), model.facts)
    answer = Client().get(f"/V/{model.facts.code}").content
    assert file_check.look(printed_page(answer, model.folder)).outcome == "altered"


@pytest.mark.parametrize("model", ["passed"], indirect=True)
def test_digits_of_a_nip_cannot_be_tried_out(model: Model):
    """A file with a wrong birth date in the NIP is told no more about it than one with another wrong date."""
    wrong = [born + model.facts.nip[8:] for born in ("19900101", "19450817")]
    answers = [file_check.look(drawn(name="Orang Lain", nip=digits)(model)) for digits in wrong]
    told = [json.dumps([(one.name, one.in_file, one.in_register) for one in each.differences]) for each in answers]
    assert told[0] == told[1]
    assert model.facts.nip[:8] not in told[0]
