from __future__ import annotations

import pytest

from stalkeer.core.entries import file_of, identity, provider_of, read_entry
from stalkeer.core.items import ContentType
from stalkeer.core.m3u import RawEntry

HOST = "http://provider.example.invalid:8080"


@pytest.mark.parametrize(
    ("name", "url", "other_name", "other_url"),
    [
        pytest.param(
            "Heat (1995)", f"{HOST}/movie/joe/old/12.mkv",
            "Heat (1995)", f"{HOST}/movie/joe/new/12.mkv", id="new-password",
        ),
        pytest.param(
            "Heat (1995)", f"{HOST}/movie/joe/pw/12.mkv?token=a",
            "Heat (1995)", f"{HOST}/movie/joe/pw/12.mkv?token=b", id="new-token",
        ),
        pytest.param(
            "Heat (1995)", f"{HOST}/films/heat.mkv",
            "Heat (1995)", "https://other.example.invalid/films/heat.mkv", id="other-host",
        ),
        pytest.param(
            "Heat (1995)", f"{HOST}/joe/pw/12", "Heat (1995)", f"{HOST}/jim/word/12", id="bare-panel"
        ),
    ],
)  # fmt: skip
def test_an_entry_stays_itself_when_what_changes_daily_changes(
    name: str, url: str, other_name: str, other_url: str
) -> None:
    assert identity(name, url) == identity(other_name, other_url)


@pytest.mark.parametrize(
    ("name", "url"),
    [
        pytest.param("Heat (1995)", f"{HOST}/movie/joe/pw/13.mkv", id="another-file"),
        pytest.param("Ronin (1998)", f"{HOST}/movie/joe/pw/12.mkv", id="a-recycled-number"),
        pytest.param("Heat (1995)", f"{HOST}/series/joe/pw/12.mkv", id="another-kind"),
    ],
)
def test_an_entry_that_became_another_film_is_another_entry(name: str, url: str) -> None:
    assert identity(name, url) != identity("Heat (1995)", f"{HOST}/movie/joe/pw/12.mkv")


@pytest.mark.parametrize(
    ("url", "file"),
    [
        (f"{HOST}/movie/joe/pw/12.mkv?token=x", "movie/12.mkv"),
        (f"{HOST}/joe/pw/12.ts", "12.ts"),
        (f"{HOST}/films/old/heat.mkv", "films/old/heat.mkv"),
        (f"{HOST}/heat.mkv", "heat.mkv"),
        (f"{HOST}/series/heat.mkv", "series/heat.mkv"),
    ],
)
def test_the_file_of_an_address_holds_no_credentials(url: str, file: str) -> None:
    assert file_of(url) == file


def test_the_provider_of_an_address_is_its_host_with_port() -> None:
    assert provider_of("http://joe:pw@Provider.example.invalid:8080/x.mkv") == (
        "provider.example.invalid:8080"
    )


def test_an_entry_is_read_with_its_kind_and_keys() -> None:
    raw = RawEntry(0, "EN - Heat (1995) 4K", f"{HOST}/movie/joe/pw/12.mkv", group="VOD")

    entry = read_entry(raw)

    assert entry.url_kind == "movie"
    assert entry.parsed.content_type is ContentType.MOVIE
    assert "heat" in {key.key for key in entry.keys}
