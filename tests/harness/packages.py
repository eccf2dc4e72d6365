"""The npm packages that a folder of tests names in its package-lock.json."""

import subprocess


def install_packages(folder):
    """Installs them when they are missing or older than the lock file. Asserts that it went well."""
    lock, installed = folder / "package-lock.json", folder / "node_modules/.package-lock.json"
    if installed.exists() and installed.stat().st_mtime >= lock.stat().st_mtime:
        return
    done = subprocess.run(
        ["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund"],
        cwd=folder, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=300,
    )  # fmt: skip
    assert done.returncode == 0, f"npm ci:\n{done.stdout}{done.stderr}"
    installed.touch()
