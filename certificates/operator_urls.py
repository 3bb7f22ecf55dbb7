"""The operator's addresses of this room, below /pengelola/."""

from django.urls import path

from certificates.views import queue

urlpatterns = [
    path("sertifikat/", queue.queue, name="operator_certificates"),
    path("sertifikat/ulangi/", queue.retry, name="operator_certificates_retry"),
]
