"""The academy's settings with one address more: the bare view that everything is measured against."""

from academy.settings import *  # noqa: F403

ROOT_URLCONF = "tests.bench.urls"
