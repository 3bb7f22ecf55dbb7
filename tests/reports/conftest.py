from __future__ import annotations

from collections.abc import Iterator
from copy import deepcopy

import pytest
from django.test import Client
from pytest_django.plugin import DjangoDbBlocker

from tests.lasting import commits, made_once
from tests.reports.world import World, make_world


@pytest.fixture(scope="module")
def lasting_world(
    request: pytest.FixtureRequest, django_db_setup: None, django_db_blocker: DjangoDbBlocker
) -> Iterator[World | None]:
    """One world for a module whose tests commit nothing."""
    if commits(request):
        yield None
    else:
        with made_once(django_db_blocker, make_world) as world:
            yield world


@pytest.fixture
def world(lasting_world: World | None, db: None) -> World:
    return deepcopy(lasting_world) if lasting_world else make_world()


@pytest.fixture
def hr(world: World, client: Client) -> Client:
    """A browser signed in as the HR officer of Kab. Kupang."""
    client.force_login(world.hr)
    return client
