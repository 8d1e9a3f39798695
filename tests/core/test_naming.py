"""Names of finished files."""

from __future__ import annotations

import unicodedata
from datetime import date
from pathlib import PurePosixPath

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stalkeer.core.naming import episode_name, movie_name, safe_component


@pytest.mark.parametrize(
    ("text", "name"),
    [
        pytest.param("Heat", "Heat", id="plain"),
        pytest.param("Alien: Romulus", "Alien - Romulus", id="colon-and-space"),
        pytest.param("11:14", "11-14", id="colon"),
        pytest.param("Face/Off", "Face+Off", id="slash"),
        pytest.param("..\\..\\x", "+..+x", id="backslashes"),
        pytest.param('<Who?> "Me" | *', "Who! Me -", id="illegal-on-windows"),
        pytest.param("  a \t\n b  ", "a b", id="white-space"),
        pytest.param("...And Justice...", "And Justice", id="dots-at-the-ends"),
        pytest.param("CON", "CON_", id="reserved"),
        pytest.param("nul.mkv", "nul_.mkv", id="reserved-with-extension"),
        pytest.param("Conan", "Conan", id="reserved-start"),
        pytest.param("a\u202eb\x00\ud800", "ab", id="invisible"),
        pytest.param("Ame\u0301lie", "Amélie", id="composed"),
        pytest.param("..", "_", id="dots"),
        pytest.param("", "_", id="empty"),
        pytest.param("é" * 300, "é" * 100, id="cut-between-letters"),
    ],
)
def test_a_component_is_safe_and_readable(text: str, name: str) -> None:
    assert safe_component(text) == name


@given(st.text(st.characters(), max_size=300), st.integers(8, 255))
def test_a_component_is_one_name_that_stays_as_it_is(text: str, max_bytes: int) -> None:
    name = safe_component(text, max_bytes=max_bytes)

    assert name not in ("", ".", "..")
    assert not set(name) & set('/\\:*?"<>|')
    assert 0 < len(name.encode()) <= max_bytes
    assert safe_component(name, max_bytes=max_bytes) == name


@pytest.mark.parametrize(
    ("title", "year", "resolution", "name"),
    [
        pytest.param("Heat", 1995, None, "Heat (1995)/Heat (1995).mkv", id="plain"),
        pytest.param(
            "Heat", 1995, "1080p", "Heat (1995)/Heat (1995) WEBDL-1080p.mkv", id="resolution"
        ),
        pytest.param("Heat", 0, None, "Heat/Heat.mkv", id="no-year"),
        pytest.param("CON", 0, None, "CON_/CON_.mkv", id="reserved"),
        pytest.param("...", 2020, None, "_ (2020)/_ (2020).mkv", id="no-letters"),
    ],
)
def test_a_movie_lies_in_a_folder_of_its_name(
    title: str, year: int, resolution: str | None, name: str
) -> None:
    assert movie_name(title, year, resolution=resolution, extension=".mkv") == name


@pytest.mark.parametrize(
    ("season", "episodes", "series_type", "air_date", "name"),
    [
        pytest.param(1, [2], "standard", None, "Dark/Season 01/Dark - S01E02.mp4", id="one"),
        pytest.param(
            1, [2, 1], "standard", None, "Dark/Season 01/Dark - S01E01-E02.mp4", id="range"
        ),
        pytest.param(1, [1, 3], "standard", None, "Dark/Season 01/Dark - S01E01E03.mp4", id="gap"),
        pytest.param(0, [1], "standard", None, "Dark/Specials/Dark - S00E01.mp4", id="special"),
        pytest.param(1, [5], "anime", None, "Dark/Season 01/Dark - S01E05.mp4", id="anime"),
        pytest.param(
            3,
            [9],
            "daily",
            date(2024, 1, 26),
            "Dark/Season 03/Dark - 2024-01-26.mp4",
            id="daily",
        ),
        pytest.param(
            3, [9], "daily", None, "Dark/Season 03/Dark - S03E09.mp4", id="daily-without-date"
        ),
    ],
)
def test_an_episode_lies_in_the_folder_of_its_season(
    season: int, episodes: list[int], series_type: str, air_date: date | None, name: str
) -> None:
    made = episode_name(
        "Dark",
        season,
        episodes,
        series_type=series_type,
        air_date=air_date,
        resolution=None,
        extension="mp4",
    )

    assert made == name


RESERVED = {
    "con",
    "prn",
    "aux",
    "nul",
    *(f"{port}{n}" for port in ("com", "lpt") for n in range(10)),
}


@given(
    st.text(st.characters(), max_size=400) | st.sampled_from(sorted(RESERVED)),
    st.integers(0, 2035),
    st.lists(st.integers(0, 9999), min_size=1, max_size=3),
)
def test_a_name_is_legal_on_every_disk_and_keeps_its_extension(
    title: str, year: int, episodes: list[int]
) -> None:
    episode = episode_name(
        title,
        year,
        episodes,
        series_type="standard",
        air_date=None,
        resolution="2160p",
        extension="m2ts",
    )
    for made in (movie_name(title, year, resolution="2160p", extension="m2ts"), episode):
        parts = PurePosixPath(made).parts

        assert made.endswith(".m2ts")
        assert unicodedata.is_normalized("NFC", made)
        assert not set("".join(parts)) & set('\\:*?"<>|')
        assert all(len(part.encode()) <= 255 and part == part.strip(" .") for part in parts)
        assert not {part.partition(".")[0].lower() for part in parts} & RESERVED


@given(st.text(st.characters(), max_size=400), st.integers(0, 2035))
def test_no_title_leaves_the_root_or_is_too_long(title: str, year: int) -> None:
    made = PurePosixPath(movie_name(title, year, resolution="2160p", extension="mkv"))

    assert len(made.parts) == 2
    assert not {"..", "/"} & set(made.parts)
    assert all(len(part.encode()) <= 255 for part in made.parts)
