"""Addresses of this room for HR officers, below /kepegawaian/."""

from django.urls import path

from certificates.views import archives

urlpatterns = [
    path("sertifikat/", archives.index, name="hr_certificates"),
    path("sertifikat/kumpulkan/", archives.start, name="archive_start"),
    path("sertifikat/arsip/<int:archive>/", archives.archive, name="archive"),
    path("sertifikat/arsip/<int:archive>/batal/", archives.cancel, name="archive_cancel"),
    path("sertifikat/arsip/<int:archive>/rangkuman.json", archives.manifest, name="archive_manifest"),
    path("sertifikat/arsip/<int:archive>/bagian-<int:number>.zip", archives.part, name="archive_part"),
]
