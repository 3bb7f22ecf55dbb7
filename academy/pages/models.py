"""The root page and ordinary pages such as help and the privacy notice."""

from __future__ import annotations

from typing import Any

from django.db import models
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext_lazy as _
from wagtail.admin.panels import FieldPanel
from wagtail.fields import StreamField
from wagtail.models import Page

from academy.pages.blocks import PAGE_BLOCKS
from academy.pages.caching import keep_for_anonymous


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

    def serve(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        response: HttpResponse = super().serve(request, *args, **kwargs)
        return response if request.GET else keep_for_anonymous(response)


class LoadedItem(models.Model):
    """What a loader wrote last for a key of its files: an object that reads otherwise was edited in the CMS since.

    `kind` and `key` name the item in the files, such as lesson and c1-apa-itu-spbe; `object_id` is what it became.
    """

    kind = models.CharField(max_length=32)
    key = models.CharField(max_length=120)
    object_id = models.PositiveBigIntegerField()
    content_hash = models.CharField(max_length=64)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["kind", "key"], name="loaded_item_once")]

    def __str__(self) -> str:
        return f"{self.kind} {self.key}"
