"""Addresses of the academy: one list of rooms, wiring only."""

from django.urls import include, path, re_path
from wagtail import urls as wagtail_urls
from wagtail.admin import urls as wagtailadmin_urls
from wagtail.documents import urls as wagtaildocs_urls

from academy.api.urls import api
from academy.pages.cms_words.views import script_words
from academy.pages.language import choose_language
from academy.pages.media import serve_media

urlpatterns = [
    path("", include("academy.api.probe_urls")),
    path("", include("academy.dashboard.urls")),
    path("", include("academy.people.urls")),
    path("", include("certificates.urls")),
    path("", include("courses.urls")),
    path("pengelola/", include("academy.people.operator_urls")),
    path("pengelola/", include("certificates.operator_urls")),
    path("pengelola/", include("academy.reports.quality.urls")),
    path("kepegawaian/", include("academy.people.hr_urls")),
    path("kepegawaian/", include("courses.hr_urls")),
    path("kepegawaian/", include("certificates.hr_urls")),
    path("laporan/pegawai/impor/", include("academy.people.import_urls")),
    path("laporan/", include("academy.reports.urls")),
    path("api/v1/", api.urls),
    path("bahasa/<str:language>/", choose_language, name="choose_language"),
    path("cms/jsi18n/", script_words),
    path("cms/", include(wagtailadmin_urls)),
    path("dokumen/", include(wagtaildocs_urls)),
    re_path(r"^media/(?P<path>.+)$", serve_media, name="media"),
    path("", include(wagtail_urls)),
]
