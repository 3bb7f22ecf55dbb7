"""The words that the scripts of the CMS use: Wagtail's own and ours."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.views.i18n import JavaScriptCatalog
from wagtail.admin.localization import get_localized_response

catalog = JavaScriptCatalog.as_view(packages=["wagtail.admin", "academy.pages.cms_words"])


def script_words(request: HttpRequest) -> HttpResponse:
    """In the language that the person chose in the CMS; stands at the address of Wagtail's own catalogue."""
    response: HttpResponse = get_localized_response(catalog, request)
    return response
