from __future__ import annotations

import pytest
from django.test import Client

from tests.reports.world import World, make_world


@pytest.fixture
def world(db: None) -> World:
    return make_world()


@pytest.fixture
def hr(world: World, client: Client) -> Client:
    """A browser signed in as the HR officer of Kab. Kupang."""
    client.force_login(world.hr)
    return client
