from django.apps import AppConfig


class CmsWordsConfig(AppConfig):
    name = "academy.pages.cms_words"
    label = "cms_words"
