"""Signing in and out. allauth brings the views; the addresses are ours, and nobody registers by themselves."""

from allauth.account import views
from django.urls import path, re_path

from academy.people.views import activation

urlpatterns = [
    path("masuk/", views.login, name="account_login"),
    path("keluar/", views.logout, name="account_logout"),
    path("masuk/aktivasi/", activation.activate, name="activate"),
    path("akun/daftar/", views.signup, name="account_signup"),  # answers that registration is closed
    path("akun/nonaktif/", views.account_inactive, name="account_inactive"),
    path("akun/kata-sandi/lupa/", views.password_reset, name="account_reset_password"),
    path("akun/kata-sandi/lupa/terkirim/", views.password_reset_done, name="account_reset_password_done"),
    re_path(
        r"^akun/kata-sandi/baru/(?P<uidb36>[0-9A-Za-z]+)-(?P<key>.+)/$",
        views.password_reset_from_key,
        name="account_reset_password_from_key",
    ),
    path(
        "akun/kata-sandi/baru/tersimpan/",
        views.password_reset_from_key_done,
        name="account_reset_password_from_key_done",
    ),
]
