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
    with translation.override(settings.LANGUAGE_CODE):
        send_once(
            certificate.completion.person,
            key=f"certificate-published:{certificate.pk}",
            subject=_("Your certificate is out"),
            body=_(
                "Hello %(name)s,\n\nyour certificate for “%(course)s” is out, number %(number)s.\n\n"
                "Download it: %(mine)s\nAnyone can check it here: %(verify)s\n"
            )
            % {
                "name": certificate.completion.person.full_name,
                "course": certificate.facts["course"],
                "number": certificate.number,
                "mine": f"{settings.SITE_URL}/sertifikat/",
                "verify": f"{settings.SITE_URL}/V/{certificate.code}",
            },
            at=at,
        )
