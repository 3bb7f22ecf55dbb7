"""The root page and ordinary pages such as help and the privacy notice."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _
from wagtail.admin.panels import FieldPanel
from wagtail.fields import StreamField
from wagtail.models import Page

from academy.pages.blocks import PAGE_BLOCKS


class HomePage(Page):
    """Root of the page tree. The address `/` itself is drawn by the dashboard, which joins the rooms."""

    max_count = 1
    subpage_types = ["pages.TextPage", "courses.CatalogPage"]

    class Meta:
        verbose_name = _("home page")


class TextPage(Page):
    """An ordinary page."""

    summary = models.TextField(_("summary"), blank=True)
    body = StreamField(PAGE_BLOCKS, verbose_name=_("text"), blank=True)

    content_panels = [*Page.content_panels, FieldPanel("summary"), FieldPanel("body")]
    parent_page_types = ["pages.HomePage"]
    subpage_types: list[str] = []

    class Meta:
        verbose_name = _("text page")
        verbose_name_plural = _("text pages")
