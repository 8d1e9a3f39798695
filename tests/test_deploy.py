"""What of the deploy folder can be checked without a container engine."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

DEPLOY = Path(__file__).parents[1] / "deploy"
NOBODY = 65534
AS_ROOT = pytest.mark.skipif(os.geteuid() != 0, reason="only root can become another user")


@pytest.fixture
def programs() -> Iterator[Path]:
    """A folder that everybody may read, with a `stalkeer` that says who it runs as and how."""
    with tempfile.TemporaryDirectory() as folder:
        programs = Path(folder) / "programs"
        programs.mkdir()
        program = programs / "stalkeer"
        program.write_text('#!/bin/sh\necho "$(id -u):$(id -g) $(umask) $*"\n')
        shutil.copy(DEPLOY / "entrypoint.sh", programs)
        for each in (programs.parent, programs, program):
            each.chmod(0o755)
        yield programs


def enter(programs: Path, *, user: int | None = None, **environ: str) -> tuple[int, str]:
    """Run the entry script; return its exit code and what it said."""
    data = programs.parent / "config"
    ended = subprocess.run(
        ["/bin/sh", str(programs / "entrypoint.sh"), "up"],
        env={"PATH": f"{programs}:{os.environ['PATH']}", "STALKEER_DATA_DIR": str(data), **environ},
        capture_output=True,
        text=True,
        check=False,
        user=user,
        cwd="/",
    )
    return ended.returncode, (ended.stdout + ended.stderr).strip()


@AS_ROOT
def test_the_container_runs_as_the_user_it_is_told(programs: Path) -> None:
    assert enter(programs, PUID="1234", PGID="2345", UMASK="027") == (0, "1234:2345 0027 up")

    assert (programs.parent / "config").stat().st_uid == 1234


@AS_ROOT
def test_the_keys_of_an_older_start_belong_to_that_user_too(programs: Path) -> None:
    secrets = programs.parent / "config" / "secrets"
    secrets.mkdir(parents=True)
    (secrets / "api_key").write_text("key")

    enter(programs, PUID="1234", PGID="2345")

    assert (secrets / "api_key").stat().st_uid == 1234


@AS_ROOT
def test_root_stays_root_only_when_asked_for(programs: Path) -> None:
    assert enter(programs, PUID="0", PGID="0") == (0, "0:0 0002 up")


@AS_ROOT
@pytest.mark.parametrize("puid", ["abc", "1000:1000", "-1"])
def test_a_user_that_is_no_number_is_refused_by_name(programs: Path, puid: str) -> None:
    code, said = enter(programs, PUID=puid)

    assert code == 2
    assert f"PUID and PGID are numbers, as `id` shows them; not '{puid}'." in said


def test_started_as_a_plain_user_it_stays_that_one(programs: Path) -> None:
    user = NOBODY if os.geteuid() == 0 else None

    code, said = enter(programs, user=user, PUID="1234")

    assert code == 0
    assert said.startswith(f"{NOBODY if user else os.geteuid()}:")


def services(name: str) -> dict[str, Any]:
    """Read the services of a compose file."""
    loaded = yaml.safe_load((DEPLOY / name).read_text())
    found: dict[str, Any] = loaded["services"]
    return found


def test_one_container_is_all_a_home_needs() -> None:
    [(name, service)] = services("compose.yml").items()

    assert name == "stalkeer"
    assert service["volumes"] == ["./config:/config", "${DATA:-./data}:/data"]
    assert service["stop_grace_period"] == "30s"
    assert service["restart"] == "unless-stopped"


def test_the_parts_apart_share_settings_folders_and_database() -> None:
    parts = services("compose.scale.yml")

    ours = [part for part in parts.values() if part.get("image") == "stalkeer"]
    assert [part["command"][0] for part in ours] == ["web", "worker", "worker"]
    assert all(part["environment"] == ours[0]["environment"] for part in ours)
    assert all(part["volumes"] == ours[0]["volumes"] for part in ours)
    assert "--appendonly" in parts["redis"]["command"]


def test_the_image_runs_what_the_readme_pins() -> None:
    recipe = (DEPLOY / "Dockerfile").read_text()

    assert "--require-hashes -r deploy/constraints.txt" in recipe
    assert "STALKEER_HOST=0.0.0.0" in recipe
    assert "HEALTHCHECK" in recipe
    assert "/ping" in recipe


@pytest.mark.parametrize("name", ["constraints.txt", "constraints-test.txt"])
def test_the_pinned_files_name_packages_and_hashes_and_no_place_to_get_them_from(name: str) -> None:
    lines = (DEPLOY / name).read_text().splitlines()

    assert [line for line in lines if line.startswith("-") or "://" in line] == []
