"""The home page and the ordinary pages come from files and keep what is edited in the CMS."""

from __future__ import annotations

import pytest
from django.core.management import CommandError, call_command
from wagtail.models import Page, Revision, Site

from academy.pages.content_files import ContentError
from academy.pages.loading import Loading
from academy.pages.models import HomePage, TextPage
from academy.pages.site_content import load_site

pytestmark = pytest.mark.django_db
FILLED = {"contact_email": "bantuan@contoh.test", "organiser_name": "BPSDMD"}


@pytest.fixture
def said():
    return []


def load(said, **options):
    loading = Loading(say=said.append, **options)
    load_site(loading, placeholders=FILLED)
    return loading


def test_the_home_page_becomes_the_root_of_the_site(said, settings):
    settings.SITE_URL = "https://akademi.contoh.go.id"
    load(said)
    site = Site.objects.get()
    assert (site.hostname, site.port, site.is_default_site) == ("akademi.contoh.go.id", 443, True)
    assert site.root_page.specific == HomePage.objects.get()
    assert not Page.objects.filter(title__startswith="Welcome").exists()


def test_every_file_becomes_a_page_that_answers(said, client):
    load(said)
    for slug in ("bantuan", "privasi", "aksesibilitas"):
        page = TextPage.objects.get(slug=slug)
        assert page.live
        response = client.get(f"/{slug}/")
        assert response.status_code == 200
        assert page.title in response.content.decode()
    assert "bantuan@contoh.test" in str(TextPage.objects.get(slug="bantuan").body)


def test_loading_twice_changes_nothing(said):
    load(said)
    revisions = Revision.objects.count()
    assert load(said).changed == 0
    assert Revision.objects.count() == revisions


@pytest.mark.parametrize("publish", [True, False])
def test_an_edit_in_the_cms_is_kept_and_told(said, publish):
    load(said)
    page = TextPage.objects.get(slug="bantuan")
    page.title = "Bantuan kami"
    revision = page.save_revision()
    if publish:
        revision.publish()

    assert load(said).changed == 0
    assert "tetap: sudah disunting di CMS: halaman bantuan" in said
    assert TextPage.objects.get(slug="bantuan").get_latest_revision_as_object().title == "Bantuan kami"

    assert load(said, overwrite=True).changed == 1
    assert TextPage.objects.get(slug="bantuan").title == "Bantuan"


def test_a_deleted_page_stays_deleted(said):
    load(said)
    TextPage.objects.get(slug="bantuan").delete()
    assert load(said).changed == 0
    assert not TextPage.objects.filter(slug="bantuan").exists()
    load(said, overwrite=True)
    assert TextPage.objects.filter(slug="bantuan").exists()


def test_a_page_taken_off_the_site_stays_off(said):
    load(said)
    TextPage.objects.get(slug="bantuan").unpublish()
    load(said)
    assert not TextPage.objects.get(slug="bantuan").live


def test_a_placeholder_that_nobody_fills_is_refused(said, tmp_path):
    (tmp_path / "a.md").write_text("---\ntitle: A\nslug: a\n---\nHai {{ nama }}.\n", encoding="utf-8")
    with pytest.raises(ContentError, match=r"a.md:5"):
        load_site(Loading(say=said.append), placeholders=FILLED, folder=tmp_path)
    assert not HomePage.objects.exists()


def test_the_command_runs_without_an_organiser(capsys):
    call_command("load_site")
    assert "Site loaded" in capsys.readouterr().out
    with pytest.raises(CommandError):
        call_command("load_site", "--entah")
