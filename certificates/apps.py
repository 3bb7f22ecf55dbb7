from typing import Any

from django.apps import AppConfig
from django.db.models.signals import post_migrate
from django.utils.translation import gettext_lazy as _


class CertificatesConfig(AppConfig):
    name = "certificates"
    verbose_name = _("Certificates")

    def ready(self) -> None:
        from certificates import receivers  # noqa: F401  the receivers register themselves on import
        from certificates.models import Template
        from courses.trainers import take_part

        take_part(Template, organiser="organiser", write=("add", "change", "view"), review=("view",))
        post_migrate.connect(grant_templates, sender=self, dispatch_uid="grant_templates")


def grant_templates(**kwargs: Any) -> None:
    """Groups of trainers that were made before there were templates."""
    from certificates.models import Template
    from courses.trainers import grant

    grant(Template)
