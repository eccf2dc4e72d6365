"""What several files of faults have in common."""

import contextlib

import pytest

from harness.redis import Redis
from harness.server import Server


@pytest.fixture
def own_redis():
    """A Redis that the test may stop."""
    with Redis() as redis:
        yield redis


@pytest.fixture
def start(binary):
    """A factory: start(redis_url, flags…) is a server with the default limits on the embedded store."""
    with contextlib.ExitStack() as started:
        yield lambda url, *flags, **more: started.enter_context(
            Server(binary, flags=["--redis", url, *flags], rate_limits=True, **more)
        )
