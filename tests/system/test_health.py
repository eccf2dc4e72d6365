"""`snippetd health`: for the health check of a container, which has no other program in it."""

from harness.client import Client
from harness.postgres import Postgres, free_port
from harness.server import Server, run
from harness.waiting import until


def health(binary, *flags, **options):
    return run(binary, "health", *flags, timeout=10, **options)


def test_of_a_service_that_is_ready_it_ends_with_0(binary):
    with Server(binary) as server:
        done = health(binary, "--listen", f"{server.host}:{server.port}")
        assert (done.returncode, done.stdout) == (0, f"{server.host}:{server.port}: ready (200)\n")


def test_it_asks_where_the_settings_say_and_here_of_who_listens_everywhere(binary):
    port = free_port()
    with Server(binary, flags=["--listen", f"0.0.0.0:{port}"]):
        done = health(binary, env={"SNIPPETD_LISTEN": f"0.0.0.0:{port}"})
        assert (done.returncode, done.stdout) == (0, f"127.0.0.1:{port}: ready (200)\n")


def test_where_nobody_listens_it_ends_with_1_and_says_so(binary):
    port = free_port()
    done = health(binary, "--listen", f"127.0.0.1:{port}")
    assert done.returncode == 1
    assert done.stdout == f"no answer from 127.0.0.1:{port}: Connection refused\n"
    assert health(binary, "--listen", "127.0.0.1:0").returncode == 1


def test_a_service_whose_store_is_away_is_not_ready(binary, slow_factor):
    with Postgres(fsync=False) as cluster, Server(binary, cluster.create_database()) as server:
        place = f"{server.host}:{server.port}"
        assert health(binary, "--listen", place).returncode == 0
        cluster.stop()
        until(lambda: Client(server).get("/readyz").status == 503, 5 * slow_factor, "/readyz to be 503")
        done = health(binary, "--listen", place)
        assert (done.returncode, done.stdout) == (1, f"{place}: not ready (503)\n")
