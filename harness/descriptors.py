"""Room for many open files and connections, as far as the machine allows them."""

import contextlib
import resource

import pytest


@contextlib.contextmanager
def descriptors(wanted, least):
    """Lets this process, and what it starts within, open `wanted` files. Gives the number that it may open, which is
    lower where the machine's hard limit is and this user cannot raise it; below `least` the test is skipped."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft == resource.RLIM_INFINITY or soft >= wanted:
        yield wanted
        return
    raised = hard if hard == resource.RLIM_INFINITY else max(hard, wanted)
    try:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, raised))
        got = wanted
    except (ValueError, PermissionError):
        got = hard
        if got < least:
            pytest.skip(f"at most {got} open files are allowed here, and this needs {least}")
        resource.setrlimit(resource.RLIMIT_NOFILE, (got, hard))
    try:
        yield got
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, resource.getrlimit(resource.RLIMIT_NOFILE)[1]))
