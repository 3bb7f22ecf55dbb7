"""Addresses of the probes; ProbeMiddleware answers them before anything else is looked at."""

from django.urls import path

from academy.api import probes

urlpatterns = [
    path("healthz", probes.healthz, name="healthz"),
    path("readyz", probes.readyz, name="readyz"),
    path("metrics", probes.metrics, name="metrics"),
]
