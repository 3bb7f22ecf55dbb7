"""What a learner is told when a certificate is out."""

from __future__ import annotations

from datetime import datetime

from django.conf import settings
from django.utils import translation
from django.utils.translation import gettext as _

from academy.notifications.messages import send_once
from certificates.models import Certificate


def announce(certificate: Certificate, *, at: datetime) -> None:
    """Owe the learner one message, in the transaction that publishes. Mail goes out later, from the worker."""
    old = certificate.completion.certificates.filter(revision=certificate.revision - 1).first()
    with translation.override(settings.LANGUAGE_CODE):
        text = _(
            "Hello %(name)s,\n\nyour certificate for “%(course)s” is out, number %(number)s.\n\n"
            "Download it: %(mine)s\nAnyone can check it here: %(verify)s\n"
        )
        if old is not None:
            text = _(
                "Hello %(name)s,\n\nyour certificate for “%(course)s” was corrected and issued anew, number %(number)s. It "
                "replaces number %(old)s, whose code answers “replaced” from now on.\n\n"
                "Download it: %(mine)s\nAnyone can check it here: %(verify)s\n"
            )
        send_once(
            certificate.completion.person,
            key=f"certificate-published:{certificate.pk}",
            subject=_("Your certificate is out"),
            body=text
            % {
                "name": certificate.completion.person.full_name,
                "course": certificate.facts["course"],
                "number": certificate.number,
                "old": old.number if old else "",
                "mine": f"{settings.SITE_URL}/sertifikat/",
                "verify": f"{settings.SITE_URL}/V/{certificate.code}",
            },
            at=at,
        )
