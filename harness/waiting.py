"""Waiting for something to become true, with a bound. Tests never sleep for a guessed time."""

import time


def until(condition, timeout, what, interval=0.02):
    """Calls condition() until it returns something true and returns that. Fails after timeout seconds.

    `what` completes the sentence "waited N s for …". An AssertionError or OSError inside the condition counts as
    "not yet" and is shown when time runs out.
    """
    deadline = time.monotonic() + timeout
    last_error = None
    while True:
        try:
            value = condition()
            if value:
                return value
        except (AssertionError, OSError) as error:
            last_error = error
        if time.monotonic() >= deadline:
            reason = f" (last: {last_error!r})" if last_error else ""
            raise AssertionError(f"waited {timeout:g} s for {what}{reason}")
        time.sleep(interval)
