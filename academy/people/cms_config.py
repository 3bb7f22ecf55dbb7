"""Wagtail's own part about users, with our forms: its settings name it instead of `wagtail.users`."""

from wagtail.users.apps import WagtailUsersAppConfig


class CmsUsersConfig(WagtailUsersAppConfig):
    user_viewset = "academy.people.cms_users.PersonViewSet"
