from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class PagesConfig(AppConfig):
    name = "academy.pages"
    label = "pages"
    verbose_name = _("Pages")

    def ready(self) -> None:
        from academy.pages import receivers  # noqa: F401  the receivers register themselves on import
