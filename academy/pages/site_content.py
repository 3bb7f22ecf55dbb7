"""The root page of the site and its ordinary pages, loaded from `academy/pages/content/`."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import urlsplit

from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext as _
from wagtail.models import Page, Site

from academy.pages.caching import content_changed
from academy.pages.content_files import ContentError, read_markdown
from academy.pages.loading import Loading, load_page
from academy.pages.markdown import Source, blocks_of
from academy.pages.models import HomePage, TextPage

CONTENT = Path(__file__).resolve().parent / "content"


def contact_email() -> str:
    """Where readers write for help unless the operator names another address."""
    return f"bantuan@{urlsplit(settings.SITE_URL).hostname}"


@transaction.atomic
def load_site(loading: Loading, *, placeholders: dict[str, str], folder: Path = CONTENT) -> HomePage:
    """The home page as root of the default site, and one page for each file; a repeat changes nothing.

    `{{ name }}` in a text is replaced by that entry of `placeholders`.
    """
    home = ensure_home(loading)
    for path in sorted(folder.glob("*.md")):
        file = read_markdown(path)
        fields = file.fields
        slug = fields.text("slug")
        key = f"page/{slug}"
        wanted = {
            "title": fields.text("title", longest=255),
            "slug": slug,
            "summary": _filled(fields.text("summary", ""), placeholders, path, 1),
            "body": blocks_of(
                _filled(file.text, placeholders, path, file.first_line), Source(path, file.first_line, key)
            ),
        }
        fields.done()
        load_page(loading, "page", slug, TextPage, wanted, parent=home)
    if loading.changed:
        transaction.on_commit(content_changed, robust=True)
    return home


def ensure_home(loading: Loading) -> HomePage:
    """The home page, at the address of SITE_URL. Wagtail's welcome page goes, if it is still there untouched."""
    home: HomePage | None = HomePage.objects.first()
    if home is None:
        root = Page.get_first_root_node()
        home = HomePage(title="Akademi Digital ASN", slug="beranda")
        root.add_child(instance=home)
        loading.wrote(_("created: home page"))
    address = urlsplit(settings.SITE_URL)
    port = address.port or (443 if address.scheme == "https" else 80)
    site = Site.objects.filter(is_default_site=True).first() or Site(is_default_site=True)
    old_root = site.root_page if site.root_page_id else None
    wanted = (address.hostname, port, home.pk, settings.WAGTAIL_SITE_NAME)
    if (site.hostname, site.port, site.root_page_id, site.site_name) != wanted:
        site.hostname, site.port, site.root_page_id, site.site_name = wanted
        site.root_page = home
        site.save()
        loading.wrote(_("site: %(address)s") % {"address": f"{address.hostname}:{port}"})
    if old_root and old_root.pk != home.pk and old_root.specific_class is Page and not old_root.get_children().exists():
        old_root.delete()
        loading.wrote(_("removed: the welcome page"))
    return home


def _filled(text: str, placeholders: dict[str, str], path: Path, first_line: int) -> str:
    for name, value in placeholders.items():
        text = text.replace("{{ " + name + " }}", value)
    for number, line in enumerate(text.splitlines()):
        if "{{" in line:
            raise ContentError(path, first_line + number, _("a placeholder that nobody fills"))
    return text
