"""What was published stays as it was issued, whatever changes afterwards (promise P3)."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
from django.core.cache import cache
from django.test import Client
from wagtail.images.models import Image

from academy.people.models import Agency, NipHistory, Organiser, Person, WorkUnit
from certificates import holders, issuing, template_versions
from certificates.facts import CertificateFacts
from certificates.models import Certificate
from certificates.rendering import render_pdf
from courses.models import Completion, Course, CoursePage, Edition
from courses.publishing import publish_edition
from tests.certificates.templating import give_details, make_logo, make_template, publish
from tests.courses.authoring import make_course_page
from tests.factories import AT, PersonFactory, make_completion

pytestmark = pytest.mark.django_db


@pytest.fixture
def completion() -> Completion:
    page = make_course_page(title="Dasar SPBE", slug="dasar-spbe", questions=4)
    edition = publish_edition(page.course, kind="minor", by=None, at=AT)
    person = PersonFactory(name="Maria Bere", nip="199407122020122003")
    give_details(person)
    publish(
        make_template(page.course.organiser), logo=make_logo("Lambang"), logo_alt="Lambang lama", print_photo=True,
        print_birth=True, title="Sertifikat Pelatihan",
    )  # fmt: skip
    return make_completion(person, edition=edition)


def change_everything(completion: Completion) -> None:
    """Person, agency, unit, organiser, logo, template, course and edition; and the page of the course goes."""
    person = completion.person
    Person.objects.filter(pk=person.pk).update(
        name="Nama Baru", nip="199407122026212001", position="Kepala", grade="IV/e"
    )
    NipHistory.objects.create(person=person, nip="199407122020122003", until_on=AT.date())
    holders.forget_photo(person, at=AT)
    holders.keep_birth(person, place="", born_on=None, at=AT)
    Agency.objects.update(name="Instansi Baru")
    WorkUnit.objects.update(name="Unit Baru")
    Organiser.objects.update(
        name="Penyelenggara Baru", short_name="Baru", government_name="Pemerintah Baru", city="Atambua", code="BARU",
        signatory_name="Pejabat Baru", signatory_position="Kepala Baru", number_format="{urut}-{tahun}",
    )  # fmt: skip
    Image.objects.all().delete()
    organiser = completion.course.organiser
    organiser.refresh_from_db()
    template = organiser.certificate_templates.get()
    publish(
        template,
        title="Piagam",
        logo=make_logo("Lambang Baru", "#17303F"),
        opening="Menyatakan bahwa",
        print_photo=False,
    )
    CoursePage.objects.get().delete()
    Course.objects.update(title="Judul Baru", code="BARU")
    Edition.objects.update(title="Judul Baru")


def answers(certificate: Certificate) -> dict[str, Any]:
    """What the world gets of a certificate, without the moment of checking."""
    owner, stranger = Client(), Client()
    owner.force_login(certificate.completion.person)
    page = stranger.get(f"/V/{certificate.code}").content.decode()
    return {
        "file": owner.get(f"/sertifikat/{certificate.code}.pdf").content,
        "credential": owner.get(f"/sertifikat/{certificate.code}.json").content,
        "facts": re.sub(r"[0-9]{2}[.:][0-9]{2} W\w+", "", page[page.index("<main") : page.index("</main>")]),
        "api": stranger.get(f"/api/v1/verifikasi/{certificate.code}").json(),
    }


def test_a_published_certificate_stays_as_it_was_issued(completion: Completion):
    certificate = issuing.publish_file(issuing.issue(completion, at=AT), at=AT)
    before = answers(certificate)
    assert before["file"].startswith(b"%PDF")
    assert "Maria Bere" in before["facts"]
    change_everything(completion)
    cache.clear()
    assert answers(certificate) == before


def test_one_that_is_issued_and_not_published_is_drawn_with_the_facts_of_its_issue(completion: Completion):
    certificate = issuing.issue(completion, at=AT)
    facts = CertificateFacts.from_json(certificate.facts)
    drawn = render_pdf(facts, assets=template_versions.assets_of(facts))
    change_everything(completion)
    certificate.refresh_from_db()
    kept = CertificateFacts.from_json(certificate.facts)
    assert (kept, kept.sha256()) == (facts, certificate.facts_sha256)
    assert render_pdf(kept, assets=template_versions.assets_of(kept)) == drawn
    published = issuing.publish_file(certificate, at=AT + timedelta(minutes=5))
    assert published.published_at is not None
    api = Client().get(f"/api/v1/verifikasi/{certificate.code}").json()["certificate"]
    assert (api["name"], api["title"], api["course"]) == ("Maria Bere, S.Kom.", "Sertifikat Pelatihan", facts.course)
    assert api["photo"] == "tercetak, tidak ditampilkan"


def test_what_is_issued_afterwards_says_what_is_new(completion: Completion):
    change_everything(completion)
    facts = issuing.issue(Completion.objects.get(), at=AT).facts
    assert (facts["title"], facts["course"], facts["organiser"]) == ("Piagam", "Judul Baru", "Penyelenggara Baru")
    assert facts["photo"] == ""
