"""Addresses of pages that join rooms."""

from django.urls import path

from academy.dashboard.views import home, my_learning, transcript

urlpatterns = [
    path("", home.home, name="home"),
    path("belajar/", my_learning.my_learning, name="my_learning"),
    path("transkrip/<int:year>/", transcript.transcript, name="transcript"),
]
