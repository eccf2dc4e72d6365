"""The embedded store's files are for the user who runs the service alone, whatever the umask is."""

import os
import stat

from harness.client import Client
from harness.server import Server

FILES = ("snippets.db", "snippets.db-wal", "snippets.db-shm")


def modes(folder):
    return {name: stat.S_IMODE(os.stat(folder / name).st_mode) for name in FILES}


def serve(binary, folder, umask="022"):
    wrapper = ["sh", "-c", f'umask {umask}; exec "$@"', "sh"]
    return Server(binary, data_dir=folder, wrapper=wrapper)


def test_files_in_a_folder_that_everybody_reads(binary, tmp_path):
    tmp_path.chmod(0o755)
    with serve(binary, tmp_path, "000") as server, Client(server) as client:
        client.create()
        assert modes(tmp_path) == dict.fromkeys(FILES, 0o600)
    assert stat.S_IMODE(tmp_path.stat().st_mode) == 0o755


def test_a_folder_of_its_own(binary, tmp_path):
    for umask in ("000", "077"):
        folder = tmp_path / umask / "data"
        with serve(binary, folder, umask) as server, Client(server) as client:
            client.create()
            assert stat.S_IMODE(folder.stat().st_mode) == 0o700
            assert modes(folder) == dict.fromkeys(FILES, 0o600)


def test_what_a_umask_has_opened_is_closed_and_what_somebody_has_is_not(binary, tmp_path):
    with serve(binary, tmp_path):
        pass
    database = tmp_path / "snippets.db"
    database.chmod(0o644)
    with serve(binary, tmp_path) as server, Client(server) as client:
        client.create()
        assert modes(tmp_path) == dict.fromkeys(FILES, 0o600)
        assert "everybody could read" in "\n".join(server.log_lines)
    database.chmod(0o640)
    with serve(binary, tmp_path) as server, Client(server) as client:
        client.create()
        assert modes(tmp_path) == dict.fromkeys(FILES, 0o640)
