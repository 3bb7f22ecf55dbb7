"""Addresses of imports, below /laporan/pegawai/impor/."""

from django.urls import path

from academy.people.views import imports

urlpatterns = [
    path("", imports.people, name="import_people"),
    path("unit/", imports.units, name="import_units"),
    path("contoh-pegawai.<str:word>", imports.sample_of_people, name="import_people_sample"),
    path("contoh-unit.<str:word>", imports.sample_of_units, name="import_units_sample"),
    path("<int:pk>/", imports.job, name="import_job"),
    path("<int:pk>/kolom/", imports.columns, name="import_columns"),
    path("<int:pk>/terapkan/", imports.confirm, name="import_confirm"),
    path("<int:pk>/buang/", imports.discard, name="import_discard"),
    path("<int:pk>/urungkan/", imports.undo, name="import_undo"),
    path("<int:pk>/baris-ditolak/", imports.refused_rows, name="import_refused_rows"),
]
