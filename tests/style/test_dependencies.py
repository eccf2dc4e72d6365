"""scripts/install-dependencies asks apt for what can be installed there, and for nothing else."""

import pathlib
import shutil
import subprocess

import pytest

SCRIPTS = pathlib.Path(__file__).resolve().parents[2] / "scripts"

STUBS = {
    "id": "echo 1000",
    # Notes the packages that it should install, which come after the shell's own name.
    "sudo": 'while [ "$1" != bash ]; do shift; done; shift 4; printf "%s\\n" "$@" >asked',
    "dpkg-query": 'grep -qxF "$4" installed && printf "install ok installed"',
    # `known` has a package a line, with a version where there is a candidate.
    "apt-cache": """
        case $1 in
            pkgnames) sed 's/ .*//' known | grep "^$2" ;;
            policy)
                version=$(sed -n "s/^$2 //p" known)
                grep -q "^$2\\( \\|$\\)" known || exit 0
                printf '%s:\\n  Candidate: %s\\n' "$2" "${version:-(none)}" ;;
        esac""",
}


@pytest.fixture
def ask(tmp_path):
    """ask(known, installed=…) runs it for all groups where these packages are, and returns what it asks for."""
    (tmp_path / "stubs").mkdir()
    for name, text in STUBS.items():
        (tmp_path / "stubs" / name).write_text(f"#!/bin/sh\ncd {tmp_path} || exit 1\n{text}\n")
        (tmp_path / "stubs" / name).chmod(0o755)
    shutil.copy(SCRIPTS / "install-dependencies", tmp_path)
    (tmp_path / "path").write_text(f"PATH={tmp_path}/stubs:/usr/bin:/bin\nexport PATH\n")

    def run(known, installed=()):
        (tmp_path / "known").write_text("".join(f"{line}\n" for line in ["libboost-dev 1.0", *known]))
        (tmp_path / "installed").write_text("".join(f"{line}\n" for line in installed))
        command = [tmp_path / "install-dependencies", "build", "test", "bench", "cluster"]
        done = subprocess.run(command, cwd="/", capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        return (tmp_path / "asked").read_text().split()

    return run


def boost(version, candidate):
    return [f"{name} {candidate}".strip() for name in boost_names(version)]


def boost_names(version):
    return [f"libboost{part}{version}-dev" for part in ("", "-json", "-url")]


def boost_in(asked):
    return [name for name in asked if name.startswith("libboost")]


def test_debian_12(ask):
    asked = ask([*boost("1.74", "1.74.0"), *boost("1.81", "1.81.0"), "clang-format-14 1:14.0"])
    assert boost_in(asked) == boost_names("1.81")
    assert "clang-format-14" in asked and "curl" in asked


def test_debian_13_knows_what_it_does_not_offer(ask):
    asked = ask([*boost("1.81", ""), *boost("1.83", "1.83.0"), *boost("1.88", "1.88.0"), "clang-format-19 19"])
    assert boost_in(asked) == boost_names("1.83")
    assert not any(name.startswith("clang-format") for name in asked)


def test_another_boost_that_is_installed_stays(ask):
    known = [*boost("1.83", "1.83.0"), *boost("1.88", "1.88.0")]
    assert boost_in(ask(known, installed=["libboost1.88-dev"])) == boost_names("1.88")[1:]


def test_a_release_without_numbers(ask):
    assert boost_in(ask([*boost("1.74", "1.74.0"), "libboost1.90-dev 1.90.0"])) == boost_names("")


def test_what_is_installed_is_not_asked_for_again(ask):
    asked = ask(boost("1.81", "1.81.0"), installed=["g++", "redis-server"])
    assert "cmake" in asked and "g++" not in asked and "redis-server" not in asked
