"""Orders to a process under test that one of its steps fails, or is its last (src/base/fail_point.hpp)."""

import os


class FailPoints:
    """Of one process at a time, which is started with `env`."""

    def __init__(self, folder):
        folder.mkdir(parents=True, exist_ok=True)
        self.file = folder / "order"
        self.done = folder / "order.hit"
        self.env = {"SNIPPETD_TEST_FAIL_POINTS": str(self.file)}

    def order(self, group, step, action):
        """From now on the step-th point of the group that is passed fails, or ends the process."""
        self.done.unlink(missing_ok=True)
        written = self.file.with_suffix(".new")
        written.write_text(f"{group} {step} {action}")
        os.rename(written, self.file)

    def withdraw(self):
        """Whether it has happened."""
        self.file.unlink(missing_ok=True)
        return self.done.exists()
