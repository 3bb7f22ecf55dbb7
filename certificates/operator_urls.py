"""The addresses of this room below /pengelola/: the operator's, the signatory's, and those of who holds courses."""

from django.urls import path

from certificates.views import queue, runs, signatory

urlpatterns = [
    path("sertifikat/", queue.queue, name="operator_certificates"),
    path("tanda-tangan/", signatory.sign, name="signatory"),
    path("sertifikat/ulangi/", queue.retry, name="operator_certificates_retry"),
    path("sertifikat/angkatan/", runs.runs, name="runs_certificates"),
    path("sertifikat/angkatan/<int:run>/", runs.run, name="run_certificates"),
    path("sertifikat/angkatan/<int:run>/terbitkan/", runs.issue, name="run_certificates_issue"),
]
