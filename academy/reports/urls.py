"""Addresses of this room, below /laporan/. The addresses of a table's files differ in one word only."""

from django.urls import path, register_converter

from academy.reports import export_views, views
from academy.reports.files import FORMATS
from academy.reports.registry import DOSSIER, OVERVIEW, REPORTS


class FileFormatConverter:
    regex = "|".join(FORMATS)

    def to_python(self, value: str) -> str:
        return value

    def to_url(self, value: str) -> str:
        return value


register_converter(FileFormatConverter, "file_format")

PAGES = [
    path(f"{report.name}/", views.page_of(report.name), name=report.page_view)
    for report in REPORTS.values()
    if report.page_view not in {OVERVIEW, DOSSIER}
]
FILES = [
    path(f"{report.name}.<file_format:word>", views.file_of(report.name), name=report.file_view)
    for report in REPORTS.values()
]

urlpatterns = [
    path("", views.overview, name=OVERVIEW),
    *PAGES,
    path("bukti-dukung/", views.supporting_evidence, name=DOSSIER),
    *FILES,
    path("berkas/", export_views.files, name="report_files"),
    path("berkas/<int:export>/", export_views.export, name="report_export"),
    path("berkas/<int:export>/hapus/", export_views.discard, name="report_export_discard"),
    path("berkas/<int:export>/laporan.<file_format:word>", export_views.export_file, name="report_export_file"),
    path("pegawai/<int:pk>/", views.person, name="report_person"),
    path("pegawai/<int:pk>/pelatihan.<file_format:word>", views.own_courses_file, name="report_own_courses_file"),
    path(
        "pegawai/<int:pk>/sertifikat.<file_format:word>",
        views.own_certificates_file,
        name="report_own_certificates_file",
    ),
]
