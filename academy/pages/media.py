"""Uploaded images, served so that nothing in them can run: an SVG opened by itself gets an empty sandbox."""

from __future__ import annotations

import errno
import posixpath

from csp.decorators import csp
from django.conf import settings
from django.http import Http404, HttpRequest
from django.http.response import HttpResponseBase
from django.views.static import serve

KEEP_SECONDS = 24 * 60 * 60
IMAGE_FOLDERS = ("images/", "original_images/", "avatar_images/")


# The decorator's hint knows views without arguments only.
@csp({"default-src": ["'none'"], "style-src": ["'unsafe-inline'"], "sandbox": True})  # type: ignore[arg-type]
def serve_media(request: HttpRequest, path: str) -> HttpResponseBase:
    """A file below MEDIA_ROOT; 404 for anything else, also for documents, which have their own door."""
    if not posixpath.normpath(path).startswith(IMAGE_FOLDERS):
        raise Http404
    try:
        response = serve(request, path, document_root=str(settings.MEDIA_ROOT))
    except OSError as error:
        if error.errno != errno.ENAMETOOLONG:
            raise
        raise Http404 from error
    response.headers["Cache-Control"] = f"public, max-age={KEEP_SECONDS}"
    response.headers["X-Content-Type-Options"] = "nosniff"
    return response
