from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class CoursesConfig(AppConfig):
    name = "courses"
    verbose_name = _("Courses")

    def ready(self) -> None:
        from wagtail.models import ReferenceIndex

        from courses import receivers  # noqa: F401  the receivers register themselves on import
        from courses.models import EditionAsset

        ReferenceIndex.register_model(EditionAsset)  # the CMS then says why an image of an edition must stay
