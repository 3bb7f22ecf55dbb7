"""Addresses of pages that join rooms."""

from django.urls import path

from academy.dashboard.views import home

urlpatterns = [path("", home.home, name="home")]
