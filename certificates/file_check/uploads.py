"""Taking a file from a request: one, not too large, in the field `berkas`. Used by the page and the API."""

from __future__ import annotations

from django.core.exceptions import RequestDataTooBig, TooManyFilesSent
from django.core.files.uploadedfile import UploadedFile
from django.http import HttpRequest
from django.http.multipartparser import MultiPartParserError
from django.utils.translation import gettext as _

from certificates.file_check import MOST_BYTES

FIELD = "berkas"
NAME = "verify-file"
PER_MINUTE = 40  # each may cost a second of work
ENVELOPE_BYTES = 16 * 1024  # what a form adds around its file


class Refused(Exception):
    """The request holds no file that can be looked at; the message says why, in the reader's language."""

    def __init__(self, message: str, *, status: int) -> None:
        super().__init__(message)
        self.status = status


def is_too_large(request: HttpRequest) -> bool:
    """As its sender announces: so that a body of any size is not even read."""
    length = request.META.get("CONTENT_LENGTH") or "0"
    return not length.isdecimal() or int(length) > MOST_BYTES + ENVELOPE_BYTES


def too_large() -> str:
    most = MOST_BYTES // (1024 * 1024)
    return _("The file is larger than %(most)d MB. An issued certificate never is.") % {"most": most}


def taken_from(request: HttpRequest) -> tuple[str, bytes]:
    """The file's name as its sender calls it, and its bytes. Django deletes what it kept when the request ends."""
    if is_too_large(request):
        raise Refused(too_large(), status=413)
    try:
        file = request.FILES.get(FIELD)
    except (MultiPartParserError, RequestDataTooBig, TooManyFilesSent) as error:
        raise Refused(_("The file did not arrive whole. Please send it again."), status=400) from error
    if not isinstance(file, UploadedFile):
        raise Refused(_("Choose the PDF file first."), status=422)
    if not file.size:
        raise Refused(_("The file is empty."), status=422)
    if file.size > MOST_BYTES:
        raise Refused(too_large(), status=413)
    return file.name or "", file.read()
