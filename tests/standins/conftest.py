"""A Radarr and a Sonarr with a folder for downloads, and somebody who hears their webhooks."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.standins.asking import NOW
from tests.standins.radarr import Radarr
from tests.standins.receiver import Receiver, receiving
from tests.standins.sonarr import Sonarr


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving() as state:
        yield state


@pytest.fixture
def downloads(tmp_path: Path) -> Path:
    folder = tmp_path / "downloads"
    folder.mkdir()
    return folder


@pytest.fixture
def radarr(tmp_path: Path, downloads: Path) -> Iterator[Radarr]:
    (tmp_path / "movies").mkdir()
    with Radarr(root=tmp_path / "movies", path_map={"/downloads": downloads}) as stand_in:
        yield stand_in


@pytest.fixture
def sonarr(tmp_path: Path, downloads: Path) -> Iterator[Sonarr]:
    (tmp_path / "tv").mkdir()
    mounts = {"/downloads": downloads}
    with Sonarr(root=tmp_path / "tv", path_map=mounts, now=lambda: NOW) as stand_in:
        yield stand_in
