"""Addresses of this room, below /laporan/. The addresses of a table's files differ in one word only."""

from django.urls import path, register_converter

from academy.reports import export_views, views
from academy.reports.files import FORMATS


class FileFormatConverter:
    regex = "|".join(FORMATS)

    def to_python(self, value: str) -> str:
        return value

    def to_url(self, value: str) -> str:
        return value


register_converter(FileFormatConverter, "file_format")

urlpatterns = [
    path("", views.overview, name="report_overview"),
    path("unit.<file_format:word>", views.unit_file, name="report_unit_file"),
    path("pelatihan.<file_format:word>", views.course_file, name="report_course_file"),
    path("pegawai/", views.people, name="report_people"),
    path("pegawai.<file_format:word>", views.people_file, name="report_people_file"),
    path("peserta/", views.participants, name="report_participants"),
    path("peserta.<file_format:word>", views.participants_file, name="report_participants_file"),
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
