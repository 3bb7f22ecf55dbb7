"""The addresses of operators and signatories of this room, below /pengelola/."""

from django.urls import path

from certificates.views import queue, signatory

urlpatterns = [
    path("sertifikat/", queue.queue, name="operator_certificates"),
    path("tanda-tangan/", signatory.sign, name="signatory"),
    path("sertifikat/ulangi/", queue.retry, name="operator_certificates_retry"),
]
