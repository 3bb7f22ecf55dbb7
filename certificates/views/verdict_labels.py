"""A verdict in words: its headline, the differences of a file, and checks by their answer."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext_lazy as _

from certificates.verification import Answer, Outcome

HEADLINES = {
    Outcome.GENUINE: _("This certificate is genuine and valid"),
    Outcome.REVOKED: _("This certificate has been revoked"),
    Outcome.REPLACED: _("This certificate has been replaced"),
    Outcome.EXPIRED: _("This certificate is genuine but has expired"),
    Outcome.ALTERED: _("This file has been altered"),
    Outcome.FOREIGN: _("This file was signed by somebody else"),
    Outcome.RESAVED: _("This is a re-saved copy, not the issued file"),
    Outcome.UNKNOWN: _("This code is not known"),
}
DIFFERENCE_LABELS = {
    "title": _("Document"),
    "number": _("Number"),
    "name": _("Name"),
    "grade": _("Rank and grade"),
    "position": _("Position"),
    "unit": _("Work unit"),
    "agency": _("Agency"),
    "outcome": _("Outcome"),
    "course": _("Course"),
    "run": _("Run"),
    "edition": _("Edition"),
    "learned_from": _("Learning period"),
    "completed_on": _("Completed"),
    "valid_until": _("Valid until"),
    "credit_hours": _("Credit hours"),
    "score": _("Score"),
    "issued_on": _("Issued"),
    "government": _("Government"),
    "organiser": _("Organiser"),
    "signatory": _("Signatory"),
    "signatory_position": _("Signatory's position"),
    "modules": _("Module"),
    "code": _("Printed code"),
    "qr": _("QR code"),
    "attachment": _("Attached file"),
    "signature": _("Signed by"),
    "file": _("File"),
    "pages": _("Number of pages"),
    "layers": _("Layers"),
    "laid_over": _("Laid over the page"),
    "actions": _("Actions on opening"),
    "text": _("Other text"),
    "appearance": _("Appearance"),
}
CHECK_LABELS: dict[str, dict[Answer, Any]] = {
    "registered": {
        Answer.YES: _("Number and code are registered"),
        Answer.NO: _("Not registered with us"),
    },
    "not_revoked": {Answer.YES: _("Not revoked"), Answer.UNKNOWN: _("Whether it was revoked cannot be told")},
    "not_replaced": {
        Answer.YES: _("Not replaced by a newer one"),
        Answer.UNKNOWN: _("Whether it was replaced cannot be told"),
    },
    "not_expired": {Answer.YES: _("Not expired"), Answer.NO: _("It has expired")},
    "file": {
        Answer.YES: _("The file is exactly the one that was issued"),
        Answer.NO: _("The file is not the one that was issued"),
        Answer.UNKNOWN: _("The PDF file was not checked"),
    },
    "readable": {Answer.YES: _("The file can be read"), Answer.NO: _("The file cannot be read")},
    "codes_agree": {
        Answer.YES: _("Printed code and QR code belong together"),
        Answer.NO: _("Code, QR code and attachment do not belong together"),
        Answer.UNKNOWN: _("The QR code could not be read"),
    },
    "signature": {
        Answer.YES: _("The signature of the organiser is sound"),
        Answer.NO: _("The signature of the organiser is broken or missing"),
        Answer.UNKNOWN: _("The signature could not be checked"),
    },
    "text": {
        Answer.YES: _("The text is the same as in the issued file"),
        Answer.NO: _("The text is not the same as in the issued file"),
        Answer.UNKNOWN: _("The text could not be compared"),
    },
    "appearance": {
        Answer.YES: _("The pages look like those of the issued file"),
        Answer.NO: _("The pages look different from those of the issued file"),
        Answer.UNKNOWN: _("The look of the pages could not be compared"),
    },
}
