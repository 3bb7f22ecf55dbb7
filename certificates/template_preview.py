"""A template as it would be printed, while it is being written: both pages as pictures, or the PDF."""

from __future__ import annotations

import base64

from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _

from certificates import template_checks, template_drafts, template_versions
from certificates.models import Template
from certificates.pictures import NoPicture
from certificates.rendering import RenderError, render_pdf

PDF = ".pdf"  # after the name of a mode: the file itself


class CannotPreview(Exception):
    """There is nothing to show yet; the text says what is missing."""


def preview(template: Template, request: HttpRequest, mode: str) -> HttpResponse:
    """`mode` is a kind of draft, or one with .pdf behind it. What is not fit to be drawn says why."""
    kind = mode.removesuffix(PDF)
    if kind not in template_drafts.KINDS:
        kind = template_drafts.USUAL
    try:
        pdf = _drawn(template, kind)
    except CannotPreview as error:
        return render(request, "certificates/cms/preview.html", {"problem": str(error)})
    if mode.endswith(PDF):
        return HttpResponse(pdf, content_type="application/pdf")
    pages = [
        base64.b64encode(template_checks.png(pdf, page=number)).decode()
        for number in range(min(template_checks.pages_of(pdf), 3))
    ]
    return render(request, "certificates/cms/preview.html", {"pages": pages, "kind": kind})


def _drawn(template: Template, kind: str) -> bytes:
    if template.organiser_id is None:
        raise CannotPreview(_("Choose the organiser first."))
    try:
        template.full_clean(validate_unique=False, validate_constraints=False)
        content, printed = template_versions.frozen(template)
        draft = template_drafts.draft(kind, template.organiser, content, printed)
        return render_pdf(draft.facts, assets=draft.assets, sample=True)
    except ValidationError as error:
        sentences = [
            f"{Template._meta.get_field(name).verbose_name}: {' '.join(texts)}"  # type: ignore[union-attr]
            for name, texts in error.message_dict.items()
        ]
        raise CannotPreview(" · ".join(sentences)) from error
    except NoPicture as error:
        raise CannotPreview(str(error)) from error
    except RenderError as error:
        raise CannotPreview(template_checks.reason(error)) from error
