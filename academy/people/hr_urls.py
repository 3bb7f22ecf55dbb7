"""Addresses of this room below /laporan/."""

from django.urls import path

from academy.people.views import activation

urlpatterns = [
    path("aktivasi/", activation.codes, name="activation_codes"),
]
