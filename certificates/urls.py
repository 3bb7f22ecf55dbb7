"""Addresses of this room. /V/ and the code is printed in every QR code: it must lead here for ever."""

from django.urls import path, re_path

from certificates.views import details, machine, mine, verify

urlpatterns = [
    path("V/<str:code>", verify.by_code, name="certificate_by_code"),
    re_path(r"^[Vv]/(?P<code>[^/]+)/?$", verify.by_code),  # other spellings, led to the one above
    path("sertifikat/", mine.certificates, name="my_certificates"),
    path("sertifikat/data-cetak/", details.details, name="holder_details"),
    path("sertifikat/data-cetak/foto.jpg", details.photo, name="holder_photo"),
    path("sertifikat/<str:code>.pdf", mine.file, name="certificate_file"),
    path("sertifikat/<str:code>.json", mine.credential, name="certificate_credential"),
    re_path(r"^status/(?P<number>[0-9]{1,4})$", machine.status_list, name="status_list"),
    path(".well-known/signing-keys.json", machine.signing_keys, name="signing_keys"),
    path(".well-known/did.json", machine.did_document, name="did_document"),
    path("verifikasi/", verify.form, name="verify"),
    path("verifikasi/berkas/", verify.by_file, name="verify_file"),
    path("verifikasi/nomor/", verify.by_number, name="verify_number"),
    path("verifikasi/bantuan/", verify.guide, name="verify_help"),
]
