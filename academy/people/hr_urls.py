"""Addresses of HR's own pages, below /laporan/."""

from django.urls import path

from academy.people.views import activation

urlpatterns = [
    path("aktivasi/", activation.codes, name="activation_codes"),
]
