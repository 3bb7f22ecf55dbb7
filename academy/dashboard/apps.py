from django.apps import AppConfig


class DashboardConfig(AppConfig):
    name = "academy.dashboard"
    label = "dashboard"
