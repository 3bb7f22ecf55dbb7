"""Addresses of HR's own pages, below /laporan/."""

from django.urls import path

from academy.people.views import activation, imports

urlpatterns = [
    path("aktivasi/", activation.codes, name="activation_codes"),
    path("pegawai/impor/", imports.people, name="import_people"),
    path("pegawai/impor/unit/", imports.units, name="import_units"),
    path("pegawai/impor/contoh-pegawai.<str:word>", imports.sample_of_people, name="import_people_sample"),
    path("pegawai/impor/contoh-unit.<str:word>", imports.sample_of_units, name="import_units_sample"),
    path("pegawai/impor/<int:pk>/", imports.job, name="import_job"),
    path("pegawai/impor/<int:pk>/kolom/", imports.columns, name="import_columns"),
    path("pegawai/impor/<int:pk>/terapkan/", imports.confirm, name="import_confirm"),
    path("pegawai/impor/<int:pk>/buang/", imports.discard, name="import_discard"),
    path("pegawai/impor/<int:pk>/urungkan/", imports.undo, name="import_undo"),
    path("pegawai/impor/<int:pk>/baris-ditolak/", imports.refused_rows, name="import_refused_rows"),
]
