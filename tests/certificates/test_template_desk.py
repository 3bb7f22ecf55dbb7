"""Certificate templates in the CMS: scope, the form, the preview and publishing."""

from __future__ import annotations

import re

import pytest
from django.contrib.auth.models import Group
from django.urls import reverse

from academy.people.models import Role
from certificates import issuing, template_checks
from certificates.models import Template, TemplateVersion
from courses.models import Completion
from courses.trainers import ensure_groups, grant
from tests.certificates.templating import make_logo, make_template, publish
from tests.factories import AT, LONG_AGO, OrganiserFactory, PersonFactory, make_completion

pytestmark = pytest.mark.django_db
BASE = "/cms/snippets/certificates/template/"


@pytest.fixture
def organiser():
    return OrganiserFactory(code="BPSDMD-NTT")


@pytest.fixture
def template(organiser):
    return make_template(organiser)


@pytest.fixture
def trainer(client, organiser):
    return signed_in(client, organiser, Role.Kind.TRAINER)


def signed_in(client, organiser, kind):
    person = PersonFactory()
    Role.objects.create(person=person, kind=kind, unit=organiser.unit, from_at=LONG_AGO)
    client.force_login(person)
    return person


def posted(template, **changes):
    fields = {field.name: field.value_from_object(template) for field in Template._meta.fields if not field.primary_key}
    switches = ("print_photo", "print_birth")
    typed = {name: value for name, value in fields.items() if value not in (None, False) or name not in switches}
    return {name: "" if value is None else value for name, value in typed.items() if value is not False} | changes


def publish_url(template):
    return reverse("publish_template", args=[template.pk])


def test_a_trainer_finds_the_templates_of_the_own_organiser_only(client, template, trainer):
    foreign = make_template(OrganiserFactory(code="BKN", short_name="BKN Pusat"))
    page = client.get(BASE)
    assert page.status_code == 200
    assert "BPSDMD Provinsi NTT" in page.content.decode()
    assert f"{BASE}edit/{template.pk}/" in page.content.decode()
    assert publish_url(template) in page.content.decode()
    assert "BKN Pusat" not in page.content.decode()
    assert client.get(f"{BASE}edit/{template.pk}/").status_code == 200
    for address in (f"{BASE}edit/{foreign.pk}/", f"{BASE}preview/{foreign.pk}/", publish_url(foreign)):
        assert client.get(address).status_code == 404
    assert "Templat sertifikat" in client.get("/cms/").content.decode()


def test_groups_of_trainers_that_were_there_before_get_the_right_too(organiser):
    ensure_groups(organiser)
    group = Group.objects.get(name="Pengajar BPSDMD-NTT")
    of_templates = group.permissions.filter(content_type__app_label="certificates")
    group.permissions.remove(*of_templates.all())
    assert not of_templates.all().exists()
    grant(Template)
    assert set(of_templates.all().values_list("codename", flat=True)) == {
        "add_template",
        "change_template",
        "view_template",
    }


def test_whoever_sees_no_desk_opens_nothing(client, template):
    client.force_login(PersonFactory())
    assert client.get(publish_url(template)).status_code == 403


def test_a_new_template_begins_with_what_is_printed_today(client, organiser, trainer):
    page = client.get(f"{BASE}add/").content.decode()
    assert "Surat Tanda Tamat Pelatihan" in page
    assert "Dr. Yosefina Contoh, M.Si." in page
    assert "{jp_terbilang}" in page
    draft = Template(organiser=organiser, kind="attended")
    draft.take_from(organiser)
    answer = client.post(f"{BASE}add/", posted(draft))
    assert answer.status_code == 302
    assert Template.objects.get().title == "Surat Keterangan Telah Mengikuti"


def test_nobody_writes_for_another_organiser(client, organiser, trainer):
    other = OrganiserFactory(code="BKN")
    draft = Template(organiser=other, kind="passed")
    draft.take_from(other)
    assert client.post(f"{BASE}add/", posted(draft)).status_code == 200
    assert not Template.objects.exists()


def test_organiser_and_kind_stay(client, template, trainer):
    client.post(f"{BASE}edit/{template.pk}/", posted(template, kind="attended", title="Sertifikat"))
    template.refresh_from_db()
    assert (template.kind, template.title) == ("passed", "Sertifikat")


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"details": "{jp} {jp_terbilang} {tanggal} {nip}"}, "{nip} bukan isian"),
        ({"details": "{jp_terbilang} {tanggal}"}, "{jp} belum ada"),
        ({"number_format": "{kode}/{tahun}"}, "{urut} belum ada"),
        ({"signs_as": "a.n."}, "Sebutkan atas nama siapa"),
        ({"signatory_nip": "123"}, "18"),
        ({"title": "x" * 81}, "80"),
    ],
)
def test_wrong_input_is_told_and_changes_nothing(client, template, trainer, changes, told):
    answer = client.post(f"{BASE}edit/{template.pk}/", posted(template, title=changes.pop("title", "Baru"), **changes))
    assert answer.status_code == 200
    assert told in answer.content.decode()
    template.refresh_from_db()
    assert template.title == "Surat Tanda Tamat Pelatihan"


def test_a_nip_may_be_typed_in_groups(client, template, trainer):
    client.post(f"{BASE}edit/{template.pk}/", posted(template, signatory_nip="19700418 199503 2 001"))
    template.refresh_from_db()
    assert template.signatory_nip == "197004181995032001"


def test_a_picture_of_others_is_not_taken(client, template, trainer):
    foreign = make_logo("Rahasia")
    answer = client.post(f"{BASE}edit/{template.pk}/", posted(template, logo=foreign.pk))
    assert "Pilih gambar milik penyelenggara Anda" in answer.content.decode()
    assert "Rahasia" not in answer.content.decode()
    template.refresh_from_db()
    assert template.logo is None


@pytest.mark.parametrize("mode", ["biasa", "terpanjang", "terpendek"])
def test_the_preview_shows_all_pages_of_what_is_typed(client, template, trainer, mode):
    address = f"{BASE}preview/{template.pk}/"
    assert client.post(address, posted(template, title="Sertifikat Baru")).json() == {
        "is_valid": True,
        "is_available": True,
    }
    page = client.get(address, {"mode": mode})
    assert page.content.decode().count("data:image/png;base64,") == (3 if mode == "terpanjang" else 2)
    pdf = client.get(address, {"mode": f"{mode}.pdf"})
    assert (pdf.headers["Content-Type"], pdf.content[:5]) == ("application/pdf", b"%PDF-")
    assert not TemplateVersion.objects.exists()


def test_a_preview_without_what_it_needs_says_so(client, organiser, trainer):
    assert client.get(f"{BASE}preview/", {"mode": "biasa"}).status_code == 200
    client.post(f"{BASE}preview/", {"title": "Sertifikat", "kind": "passed"})
    assert client.get(f"{BASE}preview/", {"mode": "biasa"}).status_code == 200
    template = make_template(organiser, number_format="")
    page = client.get(f"{BASE}preview/{template.pk}/", {"mode": "tidak-ada"})
    assert page.status_code == 200
    assert "data:image" not in page.content.decode()


def seen(page):
    found = re.search(r'name="seen" value="(\w+)"', page.content.decode())
    return found[1] if found else ""


def test_publishing_shows_the_checks_and_asks(client, template, trainer):
    template.title = "Sertifikat Pelatihan"
    template.save()
    page = client.get(publish_url(template))
    assert "Kode QR terbaca dan menuju alamat verifikasi." in page.content.decode()
    assert not TemplateVersion.objects.exists()
    for _time in range(2):
        answer = client.post(publish_url(template), {"seen": seen(page)}, follow=True)
        assert answer.status_code == 200
    version = TemplateVersion.objects.get()
    assert (str(version), version.published_by) == ("BPSDMD-NTT/lulus/1", trainer)
    assert "BPSDMD-NTT/lulus/1" in answer.content.decode()
    assert "tidak ada yang perlu diterbitkan" in answer.content.decode()


def test_what_changed_since_it_was_seen_is_not_published(client, template, trainer):
    page = client.get(publish_url(template))
    template.title = "Lain"
    template.save()
    answer = client.post(publish_url(template), {"seen": seen(page)}, follow=True)
    assert "Templat berubah sementara itu" in answer.content.decode()
    assert client.post(publish_url(template)).status_code == 302
    assert not TemplateVersion.objects.exists()


def test_a_check_that_fails_is_named_and_leaves_no_button(client, organiser, trainer):
    template = make_template(organiser, title="Sertifikat 🦣")
    page = client.get(publish_url(template))
    assert "U+1F9A3" in page.content.decode()
    assert seen(page) == ""


def test_a_reviewer_looks_and_does_not_publish(client, template, organiser):
    signed_in(client, organiser, Role.Kind.REVIEWER)
    page = client.get(publish_url(template))
    assert page.status_code == 200
    assert seen(page) == ""
    answer = client.post(publish_url(template), {"seen": "x"})
    assert (answer.status_code, answer.url) == (302, "/cms/")  # Wagtail's way to say 403
    assert not TemplateVersion.objects.exists()


def test_versions_say_what_they_said_and_when_they_were_used(client, trainer, organiser):
    completion: Completion = make_completion()
    own = completion.course.organiser
    Role.objects.create(person=trainer, kind=Role.Kind.TRAINER, unit=own.unit, from_at=LONG_AGO)
    issuing.issue(completion, at=AT)
    page = client.get(publish_url(Template.objects.get(organiser=own))).content.decode()
    assert f"{own.code}/lulus/1" in page
    assert "dibuat dari data penyelenggara" in page
    assert "1 sertifikat" in page
    assert "24 November 2026" in page


def test_a_template_with_versions_is_not_deleted_even_by_a_superuser(client, template):
    client.force_login(PersonFactory(is_superuser=True))
    publish(template, title="Sertifikat")
    answer = client.post(f"{BASE}delete/{template.pk}/", follow=True)
    assert "sudah punya versi" in answer.content.decode()
    assert Template.objects.filter(pk=template.pk).exists()


def test_a_superuser_sees_the_templates_of_all(client, template):
    make_template(OrganiserFactory(code="BKN", short_name="BKN Pusat"))
    client.force_login(PersonFactory(is_superuser=True))
    page = client.get(BASE).content.decode()
    assert "BPSDMD Provinsi NTT" in page
    assert "BKN Pusat" in page


def test_who_writes_elsewhere_and_reviews_here_changes_nothing_here(client, template, organiser):
    """Rights in the CMS are per model: without more, writing for one organiser would open the forms of another."""
    person = signed_in(client, OrganiserFactory(), Role.Kind.TRAINER)
    Role.objects.create(person=person, kind=Role.Kind.REVIEWER, unit=organiser.unit, from_at=LONG_AGO)
    before = Template.objects.filter(pk=template.pk).values().get()
    edit = f"/cms/snippets/certificates/template/edit/{template.pk}/"
    assert client.post(edit, posted(template, title="Diubah peninjau")).status_code == 404
    client.post("/cms/snippets/certificates/template/add/", posted(template, kind="attended"))
    assert Template.objects.filter(organiser=organiser).values().get() == before
    assert "Diubah" not in client.get(publish_url(template)).content.decode()


def test_a_second_template_of_a_kind_is_refused_in_plain_words(client, template, trainer):
    page = client.post(f"{BASE}add/", posted(template)).content.decode()
    assert "Penyelenggara ini sudah mempunyai templat jenis itu; buka templat itu." in page
    assert "tidak ada" not in page
    assert Template.objects.count() == 1
    assert client.get(f"{BASE}copy/{template.pk}/").status_code == 404


def test_after_a_refusal_the_locked_organiser_is_still_shown(client, template, trainer):
    page = client.post(f"{BASE}edit/{template.pk}/", posted(template, title="")).content.decode()
    assert re.search(rf'<option value="{template.organiser_id}"\s+selected', page)


def test_words_that_were_not_changed_follow_the_chosen_kind(client, organiser, trainer):
    draft = Template(organiser=organiser, kind="passed")
    draft.take_from(organiser)
    client.post(f"{BASE}add/", posted(draft, kind="attended", title="Piagam"))
    made = Template.objects.get()
    assert (made.title, made.outcome, made.lead_in) == ("Piagam", "Telah mengikuti", "pelatihan")
    client.post(f"{BASE}edit/{made.pk}/", posted(made, outcome="Lulus"))
    made.refresh_from_db()
    assert made.outcome == "Lulus"


def test_a_new_template_takes_its_number_format_over_in_indonesian(client, trainer, organiser):
    organiser.number_format = "{sequence:04}/{code}/{month_roman}/{year}"
    organiser.save()
    page = client.get(f"{BASE}add/").content.decode()
    assert 'value="{urut:04}/{kode}/{bulan_romawi}/{tahun}"' in page


def test_saving_says_that_nothing_is_printed_yet_and_leads_on(client, template, trainer):
    page = client.post(f"{BASE}edit/{template.pk}/", posted(template, title="Piagam"), follow=True).content.decode()
    assert "Tidak ada yang tercetak sebelum Anda menerbitkannya" in page
    assert publish_url(template) in page


def test_the_list_says_what_is_not_published(client, template, trainer):
    assert "belum pernah terbit" in client.get(BASE).content.decode()
    publish(template, title="Piagam", logo=make_logo("Lambang"))
    page = client.get(BASE).content.decode()
    assert "BPSDMD-NTT/lulus/1" in page
    assert "belum terbit" not in page
    Template.objects.update(title="Piagam Baru")
    assert "ada perubahan yang belum terbit" in client.get(BASE).content.decode()


def test_the_history_says_who_published_which_version(client, template, trainer):
    page = client.get(publish_url(template))
    client.post(publish_url(template), {"seen": seen(page)})
    client.post(publish_url(template), {"seen": seen(page)})
    history = client.get(f"{BASE}history/{template.pk}/").content.decode()
    assert history.count("Diterbitkan sebagai BPSDMD-NTT/lulus/1") == 1
    assert trainer.full_name in history


def test_failed_checks_stand_first_and_those_passed_are_counted(client, organiser, trainer):
    page = client.get(publish_url(make_template(organiser))).content.decode()
    assert f"{3 * len(template_checks.WORDS)} pemeriksaan lolos" in page
    assert "tidak lolos" not in page
    Template.objects.update(title="Sertifikat 🦣")
    page = client.get(publish_url(Template.objects.get())).content.decode()
    assert page.count("U+1F9A3") == 1
    assert page.index("tidak lolos") < page.index("pemeriksaan lolos")
    assert "Data biasa, Data terpanjang, Data terpendek" in page


@pytest.mark.parametrize("mode", ["biasa.pdf", "terpanjang.pdf"])
def test_a_preview_says_on_each_page_that_it_is_none(client, template, trainer, mode):
    address = f"{BASE}preview/{template.pk}/"
    client.post(address, posted(template))
    pdf = client.get(address, {"mode": mode}).content
    with template_checks._opened(pdf) as document:
        texts = [template_checks._text_of(document, [number]) for number in range(len(document))]
    assert len(texts) == (3 if mode == "terpanjang.pdf" else 2)
    assert all("CONTOH" in text for text in texts)
    assert "Contoh, bukan sertifikat." in texts[0]
    assert "ditandatangani" not in texts[0]
