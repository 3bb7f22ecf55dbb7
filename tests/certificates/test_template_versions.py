from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from academy.people.models import Organiser
from certificates import issuing, template_checks, template_drafts, template_versions
from certificates.facts import CertificateFacts
from certificates.models import Certificate, PrintedAsset, Template, TemplateVersion
from certificates.models.templates import Immutable
from certificates.rendering import RenderError, render_pdf
from courses.models import Completion
from tests.certificates import validators
from tests.certificates.templating import give_details, make_logo, make_template, publish
from tests.factories import AT, OrganiserFactory, PersonFactory, make_completion

pytestmark = pytest.mark.django_db
PASSED = Completion.Outcome.PASSED


def test_the_first_certificate_makes_a_version_from_the_columns_of_the_organiser():
    completion = make_completion()
    certificate = issuing.issue(completion, at=AT)
    organiser = completion.course.organiser
    version = certificate.template
    assert version is not None
    assert (str(version), version.published_by, version.checks) == (f"{organiser.code}/lulus/1", None, [])
    assert certificate.facts["template"] == str(version)
    assert certificate.facts["opening"] == (
        "Badan Pengembangan Sumber Daya Manusia Daerah Provinsi Nusa Tenggara Timur, berdasarkan\nUndang-Undang Nomor "
        "20 Tahun 2023 tentang Aparatur Sipil Negara serta ketentuan pelaksanaannya, menyatakan bahwa"
    )
    assert certificate.facts["details"] == (
        "Kelas Mandiri Tahun 2026, Edisi 1.0, yang diselenggarakan secara daring (e-learning)\n"
        "pada tanggal 24 November 2026, meliputi 3 (tiga) jam pelajaran."
    )
    again = issuing.issue(make_completion(edition=completion.edition), at=AT)
    assert again.template == version


def test_without_a_published_version_the_columns_are_followed():
    completion = make_completion()
    issuing.issue(completion, at=AT)
    Organiser.objects.update(signatory_name="Drs. Pejabat Baru")
    later = issuing.issue(make_completion(edition=completion.edition), at=AT)
    assert later.template is not None
    assert (later.template.number, later.facts["signatory"]) == (2, "Drs. Pejabat Baru")
    assert Template.objects.get().signatory == "Drs. Pejabat Baru"


def test_what_authors_write_meanwhile_stays_theirs_when_columns_change():
    completion = make_completion()
    issuing.issue(completion, at=AT)
    Template.objects.update(title="Sertifikat")
    Organiser.objects.update(signatory_name="Drs. Pejabat Baru")
    later = issuing.issue(make_completion(edition=completion.edition), at=AT)
    assert later.facts["title"] == "Surat Tanda Tamat Pelatihan"
    assert Template.objects.get().title == "Sertifikat"


def test_publishing_makes_a_version_that_issues_from_then_on():
    completion = make_completion()
    template = make_template(completion.course.organiser)
    version = publish(
        template, title="Sertifikat Pelatihan", signs_as="a.n.", on_behalf_of="Gubernur Nusa Tenggara Timur",
        number_format="{urut:05}/800.2/{kode}/{bulan_romawi}/{tahun}", logo=make_logo("Lambang"), logo_alt="Lambang NTT",
    )  # fmt: skip
    facts = issuing.issue(completion, at=AT).facts
    assert (facts["title"], facts["on_behalf_of"]) == ("Sertifikat Pelatihan", "a.n. Gubernur Nusa Tenggara Timur")
    assert facts["number"] == f"00001/800.2/{completion.course.organiser.code}/XI/2026"
    assert [logo["alt"] for logo in facts["logos"]] == ["Lambang NTT"]
    assert facts["template"] == str(version)
    assert PrintedAsset.objects.filter(sha256=facts["logos"][0]["sha256"]).exists()
    Organiser.objects.update(signatory_name="Drs. Pejabat Baru")  # what was published by hand does not follow
    assert template_versions.current(completion.course.organiser, PASSED, at=AT) == version


def test_an_acting_signatory_is_printed_as_one():
    completion = make_completion()
    publish(make_template(completion.course.organiser), signs_as="Plt.")
    assert issuing.issue(completion, at=AT).facts["signatory_position"] == "Plt. Kepala Badan"


def test_the_same_content_twice_is_one_version():
    template = make_template(OrganiserFactory())
    first = publish(template, title="Sertifikat")
    assert publish(template) == first
    assert publish(template, title="Sertifikat Lain").number == 2
    assert TemplateVersion.objects.count() == 2


def test_a_version_keeps_what_each_check_found():
    version = publish(make_template(OrganiserFactory()), title="Sertifikat")
    assert {one["draft"] for one in version.checks} == set(template_drafts.KINDS)
    assert {one["check"] for one in version.checks} == set(template_checks.WORDS)
    assert all(one["ok"] for one in version.checks)


def test_a_version_is_never_changed_or_deleted():
    version = publish(make_template(OrganiserFactory()), title="Sertifikat")
    for change in (version.save, version.delete, TemplateVersion.objects.all().delete):
        with pytest.raises(Immutable):
            change()
    with pytest.raises(Immutable):
        TemplateVersion.objects.update(number=9)


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"details": "{jp} ({jp_terbilang}) JP, {tanggal}, {nip}"}, "{nip}"),
        ({"details": "({jp_terbilang}) JP, {tanggal}"}, "{jp}"),
        ({"details": "{jp} {jp_terbilang} {tanggal} }"}, "kurung"),
        ({"opening": "{nama} menyatakan"}, "{nama}"),
        ({"number_format": "{urut:04}/{kode}"}, "{tahun}"),
        ({"number_format": "{urut:04}/{tahun}/{nip}"}, "{nip}"),
        ({"signs_as": "a.n."}, "siapa"),
        ({"kind": "attended", "details": "{jp} ({jp_terbilang}) JP, {tanggal}, nilai {nilai}"}, "{nilai}"),
    ],
)
def test_wrong_words_are_refused_by_name(changes: dict[str, str], told: str):
    template = make_template(OrganiserFactory(), **changes)
    with pytest.raises(template_versions.CannotPublish, match=told):
        publish(template)
    assert not TemplateVersion.objects.exists()


@pytest.mark.parametrize(
    ("changes", "check"),
    [
        ({"title": "Sertifikat 🦣"}, "huruf"),
        ({"opening": "Kata pembuka yang panjang sekali dan tidak ada habisnya.\n" * 12}, "muat"),
        ({"signatory_position": "Kepala Bidang yang Jabatannya Sangat Panjang Sekali " * 3}, "bingkai"),
        ({"title": "W" * 60}, "bingkai"),
    ],
)
def test_what_does_not_fit_on_paper_is_not_published(changes: dict[str, str], check: str):
    template = make_template(OrganiserFactory(), **changes)
    with pytest.raises(template_versions.CannotPublish) as refused:
        publish(template)
    failed = {one["check"] for one in refused.value.checks if not one["ok"]}
    assert check in failed
    assert not TemplateVersion.objects.exists()


def test_a_full_template_with_logos_photo_and_birth_passes_all_judges(tmp_path: Path):
    organiser = OrganiserFactory()
    template = make_template(
        organiser, logo=make_logo("Satu"), second_logo=make_logo("Dua", "#17303F"), print_photo=True, print_birth=True,
        signs_as="a.n.", on_behalf_of="Gubernur Nusa Tenggara Timur",
    )  # fmt: skip
    publish(template)
    content, printed = template_versions.frozen(template)
    for draft in template_drafts.of(organiser, content, printed):
        path = tmp_path / f"{draft.kind}.pdf"
        path.write_bytes(render_pdf(draft.facts, assets=draft.assets))
        assert validators.complaints(path) == []


@pytest.mark.parametrize("kind", list(Completion.Outcome))
def test_what_is_printed_without_a_template_passes_all_checks(kind: Completion.Outcome, tmp_path: Path):
    organiser = OrganiserFactory()
    content, printed = template_versions.frozen(make_template(organiser, kind=kind))
    assert [one for one in template_versions.check(organiser, content, printed) if not one["ok"]] == []
    for draft in template_drafts.of(organiser, content, printed):
        path = tmp_path / f"{draft.kind}.pdf"
        path.write_bytes(render_pdf(draft.facts, assets=draft.assets))
        assert validators.complaints(path) == []


def test_photo_and_birth_are_printed_only_if_the_template_says_so_and_the_holder_gave_them():
    first, second, third = PersonFactory(), PersonFactory(), PersonFactory()
    completion = make_completion(first)
    give_details(first)
    give_details(second)
    without = issuing.issue(completion, at=AT).facts
    publish(make_template_of(completion), print_photo=True, print_birth=True)
    both = issuing.issue(make_completion(second, edition=completion.edition), at=AT).facts
    nothing = issuing.issue(make_completion(third, edition=completion.edition), at=AT).facts
    fields = ("photo", "birth_place", "born_on")
    assert [without[name] for name in fields] == ["", "", ""]
    assert [nothing[name] for name in fields] == ["", "", ""]
    assert (both["birth_place"], both["born_on"]) == ("Kefamenanu", "1994-07-12")
    assert PrintedAsset.objects.filter(sha256=both["photo"]).exists()


def make_template_of(completion: Completion) -> Template:
    return Template.objects.get(organiser=completion.course.organiser, kind="passed")


def test_the_public_check_and_the_credential_hold_no_photo_and_no_birth_data(client):
    person = PersonFactory()
    give_details(person)
    completion = make_completion(person)
    publish(make_template(completion.course.organiser), print_photo=True, print_birth=True)
    certificate = issuing.publish_file(issuing.issue(completion, at=AT), at=AT)
    page = client.get(f"/V/{certificate.code}").content.decode()
    answer = client.get(f"/api/v1/verifikasi/{certificate.code}")
    assert page.count("tercetak, tidak ditampilkan") == 2
    facts = answer.json()["certificate"]
    assert {facts[name] for name in ("photo", "birth_place", "born_on")} == {"tercetak, tidak ditampilkan"}
    for text in (page, answer.content.decode(), credential_of(certificate)):
        for secret in ("Kefamenanu", "1994", "12 Juli", certificate.facts["photo"]):
            assert secret not in text


def test_a_picture_that_is_missing_or_another_one_is_not_drawn():
    completion = make_completion()
    publish(make_template(completion.course.organiser), logo=make_logo("Lambang"))
    facts = CertificateFacts.from_json(issuing.issue(completion, at=AT).facts)
    for assets in ({}, {facts.logos[0].sha256: b"lain"}):
        with pytest.raises(RenderError, match="missing or another"):
            render_pdf(facts, assets=assets)
    assets = template_versions.assets_of(facts)
    assert render_pdf(facts, assets=assets) == render_pdf(facts, assets=assets)


OF_TEMPLATES = {
    *("kind", "opening", "lead_in", "details", "on_behalf_of", "logos", "photo", "birth_place", "born_on", "template")
}
LACKING = {
    "sttp-2026.1": {*OF_TEMPLATES, "valid_until", "signed_by"},
    "sttp-2026.2": {*OF_TEMPLATES, "valid_until"},
    "sttp-2026.3": {"valid_until"},
}


@pytest.mark.parametrize("version", LACKING)
def test_certificates_of_earlier_layouts_are_read_and_drawn(version: str, client):
    """Their rows lack every fact that came later."""
    certificate = issuing.issue(make_completion(), at=AT)
    now = dict(certificate.facts)
    earlier = {name: value for name, value in now.items() if name not in LACKING[version]}
    earlier["template_version"] = version
    Certificate.objects.filter(pk=certificate.pk).update(facts=earlier, template=None, template_version=version)
    certificate.refresh_from_db()
    read = CertificateFacts.from_json(certificate.facts)
    assert {name: getattr(read, name) for name in ("kind", "opening", "lead_in", "details")} == {
        name: now[name] for name in ("kind", "opening", "lead_in", "details")
    }
    published = issuing.publish_file(certificate, at=AT + timedelta(minutes=1))
    page = client.get(f"/V/{published.code}")
    assert "meliputi 3 (tiga) jam pelajaran" in page.content.decode()


def test_who_attended_has_no_score_on_paper(client):
    completion = make_completion(outcome=Completion.Outcome.ATTENDED)
    certificate = issuing.publish_file(issuing.issue(completion, at=AT), at=AT)
    assert (certificate.facts["score"], certificate.facts["kind"]) == ("", "attended")
    page = client.get(f"/V/{certificate.code}").content.decode()
    assert "batas lulus" not in page
    assert "batas lulus" not in credential_of(certificate)
    assert str(certificate.template).endswith("/mengikuti/1")


def credential_of(certificate: Certificate) -> str:
    assert certificate.file is not None
    return str(certificate.file.credential)


def test_what_was_changed_while_it_was_checked_is_looked_at_again(monkeypatch: pytest.MonkeyPatch):
    template = make_template(OrganiserFactory(), title="Lama")
    mine = Template.objects.get(pk=template.pk)
    check = template_versions.check

    def meanwhile(*arguments):
        found = check(*arguments)
        Template.objects.filter(pk=template.pk).update(title="Baru")
        return found

    monkeypatch.setattr(template_versions, "check", meanwhile)
    with pytest.raises(template_versions.CannotPublish, match="diubah"):
        template_versions.publish(mine, by=PersonFactory(), at=AT)
    assert not template.versions.filter(published_by__isnull=False).exists()
