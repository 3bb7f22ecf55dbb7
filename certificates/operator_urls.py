"""The addresses of this room below /pengelola/: the operator's, the signatory's, and those of who holds courses."""

from django.urls import path

from certificates.views import issued, queue, reissuing, revoking, runs, signatory

urlpatterns = [
    path("sertifikat/", queue.queue, name="operator_certificates"),
    path("tanda-tangan/", signatory.sign, name="signatory"),
    path("sertifikat/ulangi/", queue.retry, name="operator_certificates_retry"),
    path("sertifikat/angkatan/", runs.runs, name="runs_certificates"),
    path("sertifikat/angkatan/<int:run>/", runs.run, name="run_certificates"),
    path("sertifikat/angkatan/<int:run>/terbitkan/", runs.issue, name="run_certificates_issue"),
    path("sertifikat/terbit/", issued.certificates, name="issued_certificates"),
    path("sertifikat/terbit/<int:certificate>/", issued.certificate, name="issued_certificate"),
    path("sertifikat/terbit/<int:certificate>/ganti/", reissuing.reissue, name="reissue_certificate"),
    path("sertifikat/terbit/cabut/", revoking.revoke, name="revoke_certificates"),
    path("sertifikat/terbit/usulan/<int:proposal>/setujui/", revoking.approve, name="revocation_approve"),
    path("sertifikat/terbit/usulan/<int:proposal>/tolak/", revoking.decline, name="revocation_decline"),
    path("sertifikat/terbit/usulan/<int:proposal>/batalkan/", revoking.withdraw, name="revocation_withdraw"),
]
