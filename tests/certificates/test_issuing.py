from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
from django.db import IntegrityError

from academy.notifications.models import Message
from academy.people.models import Organiser
from certificates import codes, issuing, numbering, store
from certificates.facts import CertificateFacts
from certificates.models import Certificate, CertificateFile
from certificates.rendering import RenderError
from courses.models import Completion
from tests.factories import (
    AT,
    CourseFactory,
    OrganiserFactory,
    PersonFactory,
    RunFactory,
    make_completion,
    make_edition,
)

pytestmark = pytest.mark.django_db


def test_issuing_twice_yields_one_certificate():
    completion = make_completion()
    first = issuing.issue(completion, at=AT)
    second = issuing.issue(completion, at=AT + timedelta(days=400))
    assert (first, Certificate.objects.count()) == (second, 1)
    assert second.number == first.number


def test_the_facts_are_those_of_the_moment_of_issue():
    completion = make_completion(PersonFactory(name="Maria Bere", title_before="Dr.", title_after="S.Kom., M.Si."))
    certificate = issuing.issue(completion, at=AT)
    completion.person.name = "Nama Baru"
    completion.person.save()
    certificate.refresh_from_db()
    facts = CertificateFacts.from_json(certificate.facts)
    assert facts.name == "Dr. Maria Bere, S.Kom., M.Si."
    assert facts.title == "Surat Tanda Tamat Pelatihan"
    assert (facts.grade, facts.unit) == ("Penata Muda, III/a", "Dinas Komunikasi dan Informatika")
    assert (facts.credit_hours, facts.credit_hours_in_words) == (3, "tiga")
    assert (facts.score, facts.pass_mark, facts.completed_on) == ("88", "70", "2026-11-24")
    assert facts.agency == str(completion.agency)
    assert [module.minutes for module in facts.modules] == [135]
    assert facts.sha256() == certificate.facts_sha256
    assert issuing.issue(completion, at=AT).facts["name"] == facts.name


def test_who_only_attended_gets_a_statement_of_attendance():
    certificate = issuing.issue(make_completion(outcome=Completion.Outcome.ATTENDED), at=AT)
    assert certificate.facts["title"] == "Surat Keterangan Telah Mengikuti"
    assert certificate.facts["outcome"] == "Telah mengikuti"


def test_numbers_run_without_gaps_per_organiser_and_year():
    one, other = (CourseFactory(organiser=OrganiserFactory(code=code)) for code in ("BPSDMD", "BKN"))
    editions = [make_edition(one), make_edition(other)]
    new_year_utc = datetime(2026, 12, 31, 16, 0, tzinfo=UTC)  # midnight in Kupang
    numbers = [
        issuing.issue(make_completion(edition=editions[which]), at=at).number
        for which, at in ((0, AT), (0, AT), (1, AT), (0, new_year_utc), (0, AT))
    ]
    assert numbers == [
        "0001/BPSDMD/XI/2026",
        "0002/BPSDMD/XI/2026",
        "0001/BKN/XI/2026",
        "0001/BPSDMD/I/2027",
        "0003/BPSDMD/XI/2026",
    ]


def test_a_failed_issue_leaves_no_gap():
    completion = make_completion()
    organiser = completion.course.organiser
    organiser.number_format = "{sequence}/{year}/{nip}"
    organiser.save()
    with pytest.raises(numbering.InvalidNumberFormat):
        issuing.issue(completion, at=AT)
    organiser.number_format = "{sequence:04}/{year}"
    organiser.save()
    assert issuing.issue(completion, at=AT).number == "0001/2026"


@pytest.mark.parametrize(
    "number_format",
    ["{sequence}", "{year}", "{sequence.__class__}/{year}", "{0}/{sequence}/{year}", "{sequence}/{year}}"],
)
def test_a_number_format_holds_known_placeholders_only(number_format: str):
    with pytest.raises(numbering.InvalidNumberFormat):
        numbering.write(number_format, sequence=1, organiser_code="X", issued_on=date(2026, 9, 1))


def test_a_code_is_16_crockford_symbols():
    certificates = {issuing.issue(make_completion(), at=AT).code for _ in range(3)}
    assert len(certificates) == 3
    assert all(len(code) == 16 and set(code) <= set("0123456789ABCDEFGHJKMNPQRSTVWXYZ") for code in certificates)


def test_a_revoked_certificate_is_not_issued_again():
    completion = make_completion()
    certificate = issuing.issue(completion, at=AT)
    certificate.revoked_at = AT
    certificate.save()
    assert not issuing.completions_without_certificate().exists()
    assert issuing.issue(completion, at=AT) == certificate
    issuing.sweep(at=AT, limit=10)
    assert Certificate.objects.get().published_at is None


def test_publishing_stores_the_file_and_owes_one_message():
    certificate = issuing.issue(make_completion(), at=AT)
    published = issuing.publish_file(certificate, at=AT)
    again = issuing.publish_file(certificate, at=AT + timedelta(hours=1))
    assert (published.published_at, again.published_at) == (AT, AT)
    assert published.file is not None
    content = store.path_of(published.file.key).read_bytes()
    assert content.startswith(b"%PDF-1.7")
    assert (published.file.size, published.file.level) == (len(content), "B-B")
    assert CertificateFile.objects.count() == 1
    message = Message.objects.get()
    assert message.person == certificate.completion.person
    assert f"/V/{certificate.code}" in message.body


def test_a_learner_without_e_mail_gets_no_message():
    certificate = issuing.issue(make_completion(PersonFactory(email=None)), at=AT)
    issuing.publish_file(certificate, at=AT)
    assert not Message.objects.exists()


def test_a_completion_that_cannot_be_issued_does_not_hide_the_others():
    broken = make_completion()
    broken.course.organiser.number_format = "?"
    broken.course.organiser.save()
    good = make_completion()
    swept = issuing.sweep(at=AT, limit=1)
    assert (swept.issued, swept.failed) == (1, 1)
    assert Certificate.objects.get().completion == good


def test_an_organiser_in_an_unknown_zone_does_not_stop_the_others():
    broken, good = make_completion(), make_completion()
    Organiser.objects.filter(pk=broken.course.organiser_id).update(time_zone="Asia/Atlantis")  # a KeyError
    swept = issuing.sweep(at=AT, limit=10)
    assert (swept.issued, swept.published, swept.failed) == (1, 1, 1)
    assert Certificate.objects.get().completion == good


def test_the_database_refuses_a_second_live_certificate():
    certificate = issuing.issue(make_completion(), at=AT)
    certificate.pk, certificate.revision, certificate.sequence, certificate.code = None, 2, 2, codes.new_code()
    with pytest.raises(IntegrityError):
        certificate.save()


def test_days_count_in_the_zone_of_the_agency():
    run = RunFactory(number=3, year=2026)
    completion = make_completion(edition=make_edition(run.course))
    enrolment = completion.enrolment
    enrolment.run, enrolment.started_at = run, datetime(2026, 11, 2, 17, 0, tzinfo=UTC)  # 3 November in Kupang
    enrolment.save()
    facts = CertificateFacts.from_json(issuing.issue(completion, at=AT).facts)
    assert (facts.run, facts.period) == ("Angkatan III Tahun 2026", "3 s.d. 24 November 2026")


def test_scores_are_written_without_needless_zeros():
    facts = CertificateFacts.from_json(issuing.issue(make_completion(score=Decimal("86.50")), at=AT).facts)
    assert facts.score == "86.5"


def test_rendering_errors_are_told_to_the_caller():
    certificate = issuing.issue(make_completion(), at=AT)
    Certificate.objects.update(facts=certificate.facts | {"completed_on": ""})
    certificate.refresh_from_db()
    with pytest.raises(RenderError):
        issuing.publish_file(certificate, at=AT)
