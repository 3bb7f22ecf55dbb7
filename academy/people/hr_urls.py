"""Addresses of HR's own pages, below /kepegawaian/: those below /laporan/ are reports, whose every table is a file too."""

from django.urls import path

from academy.people.views import activation, person, person_changes, roles, transfers, units

urlpatterns = [
    path("aktivasi/", activation.codes, name="activation_codes"),
    path("pegawai/<int:pk>/kelola/", person.manage, name="hr_person"),
    path("pegawai/<int:pk>/kelola/data/", person_changes.correct, name="hr_correct"),
    path("pegawai/<int:pk>/kelola/pindah/", person_changes.move, name="hr_move"),
    path("pegawai/<int:pk>/kelola/rencana/<int:placement>/batal/", person_changes.cancel_plan, name="hr_cancel_plan"),
    path("pegawai/<int:pk>/kelola/kode/", activation.new_code, name="hr_new_code"),
    path("pegawai/<int:pk>/kelola/lepas/", person_changes.release, name="hr_release"),
    path("pegawai/<int:pk>/kelola/berhenti/", person_changes.leave, name="hr_leave"),
    path("pegawai/<int:pk>/kelola/nonaktifkan/", person_changes.deactivate, name="hr_deactivate"),
    path("pegawai/<int:pk>/kelola/aktifkan/", person_changes.reactivate, name="hr_reactivate"),
    path("unit-kerja/", units.index, name="hr_units"),
    path("unit-kerja/<int:unit>/", units.unit, name="hr_unit"),
    path("unit-kerja/<int:unit>/buka/", units.open_below, name="hr_unit_open"),
    path("unit-kerja/<int:unit>/ubah-nama/", units.rename, name="hr_unit_rename"),
    path("unit-kerja/<int:unit>/pindah/", units.move, name="hr_unit_move"),
    path("unit-kerja/<int:unit>/gabung/", units.merge, name="hr_unit_merge"),
    path("unit-kerja/<int:unit>/tutup/", units.close, name="hr_unit_close"),
    path("mutasi/", transfers.index, name="hr_transfers"),
    path("mutasi/<int:transfer>/tarik/", transfers.withdraw, name="hr_withdraw"),
    path("mutasi/<int:transfer>/tempatkan/", transfers.place, name="hr_place"),
    path("peran/", roles.index, name="hr_roles"),
    path("peran/beri/", roles.grant, name="hr_grant"),
    path("peran/<int:role>/akhiri/", roles.end, name="hr_end_role"),
]
