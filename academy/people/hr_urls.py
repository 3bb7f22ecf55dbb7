"""Addresses of HR's own pages, below /laporan/."""

from django.urls import URLPattern

urlpatterns: list[URLPattern] = []
