"""Who an entry is, what is secret in its address, and by which bytes it is known."""

from __future__ import annotations

import pytest

from stalkeer.core.entries import (
    Address,
    content_of,
    identity,
    key_digest,
    provider_of,
    read_entry,
    split_address,
)
from stalkeer.core.items import ContentType
from stalkeer.core.m3u import Lines, RawEntry
from stalkeer.core.overrides import Override

HOST = "http://provider.example.invalid:8080"
NAME = "Heat (1995)"
HERE = f"{HOST}/movie/joe/old/12.mkv?token=a"
TOKEN = "Zx81kQ0aP3vR7tYb2LmN5cWd"


def who(name: str, url: str) -> int:
    return identity(name, split_address(url).path)


@pytest.mark.parametrize(
    "url",
    [
        pytest.param(f"{HOST}/movie/joe/new/12.mkv?token=a", id="new-password"),
        pytest.param(f"{HOST}/movie/jim/old/12.mkv?token=a", id="new-user"),
        pytest.param(f"{HOST}/movie/joe/old/12.mkv?token=b", id="new-token"),
        pytest.param(f"{HOST}/movie/joe/old/12.mkv", id="no-token"),
        pytest.param("https://other.example.invalid/movie/joe/old/12.mkv", id="other-host"),
        pytest.param("http://joe:pw@h.example.invalid/movie/a/b/12.mkv", id="credentials-in-front"),
    ],
)
def test_an_entry_stays_itself_when_what_changes_daily_changes(url: str) -> None:
    assert who(NAME, url) == who(NAME, HERE)


@pytest.mark.parametrize(
    ("url", "other"),
    [
        pytest.param(f"{HOST}/joe/pw/12", f"{HOST}/jim/word/12", id="bare-panel"),
        pytest.param(f"{HOST}/films/heat.mkv", "http://h/films/heat.mkv?x=1", id="plain-file"),
        pytest.param(
            f"{HOST}/play/{TOKEN}/12.ts", f"{HOST}/play/{TOKEN[::-1]}/12.ts", id="token-in-the-path"
        ),
        pytest.param(
            f"{HOST}/p.php?id=12&token=a", f"{HOST}/p.php?id=12&token=b", id="token-behind-number"
        ),
    ],
)
def test_an_entry_stays_itself_whatever_the_form_of_its_address(url: str, other: str) -> None:
    assert who(NAME, url) == who(NAME, other)


def test_an_entry_stays_itself_at_another_place_and_with_another_logo() -> None:
    before = read_entry(RawEntry(7, NAME, HERE, group="VOD", logo="http://i/a.png"))
    after = read_entry(RawEntry(9000, NAME, HERE, group="Films", logo="http://i/b.png"))

    assert before.identity == after.identity


@pytest.mark.parametrize(
    ("name", "url"),
    [
        pytest.param(NAME, f"{HOST}/movie/joe/old/13.mkv", id="another-stream-id"),
        pytest.param("Ronin (1998)", f"{HOST}/movie/joe/old/12.mkv", id="a-recycled-stream-id"),
        pytest.param(NAME, f"{HOST}/series/joe/old/12.mkv", id="another-kind"),
        pytest.param(NAME, f"{HOST}/movie/joe/old/12.mp4", id="another-container"),
        pytest.param(NAME, f"{HOST}/p.php?id=12", id="another-form"),
    ],
)
def test_an_entry_that_became_another_film_is_another_entry(name: str, url: str) -> None:
    assert who(name, url) != who(NAME, HERE)


def test_the_number_in_a_query_tells_entries_apart() -> None:
    assert who(NAME, f"{HOST}/p.php?id=12&t=a") != who(NAME, f"{HOST}/p.php?id=13&t=a")


@pytest.mark.parametrize(
    ("url", "path"),
    [
        (f"{HOST}/movie/joe/pw/12.mkv?token=x", "movie/12.mkv"),
        (f"{HOST}/joe/pw/12.ts", "12.ts"),
        (f"{HOST}/joe/pw/12.m3u8?u=http://x/y", "12.m3u8"),
        (f"{HOST}/timeshift/joe/pw/60/2024-01-26:10-00/12.ts", "timeshift/60/2024-01-26:10-00/12.ts"),
        (f"{HOST}/films/old/heat.mkv", "films/old/heat.mkv"),
        (f"{HOST}/heat.mkv", "heat.mkv"),
        (f"{HOST}/series/heat.mkv", "series/heat.mkv"),
        (f"{HOST}/hls/{TOKEN}/a/12.ts", "a/12.ts"),
        (f"{HOST}/p.php?id=12&token=x", "p.php?id=12"),
        (f"{HOST}/p.php?token=x&id=12", "p.php"),
        (HOST, ""),
        ("rtsp://h.example.invalid/12", "12"),
        ("no address", "no address"),
    ],
)  # fmt: skip
def test_the_path_of_an_address_holds_no_credentials_and_the_parts_are_the_whole(
    url: str, path: str
) -> None:
    parts = split_address(url)

    assert parts.path == path
    assert parts.url == url


def test_the_credentials_of_a_panel_are_the_same_for_films_series_and_channels() -> None:
    film, channel = (split_address(f"{HOST}/{kind}/joe/pw/12.ts") for kind in ("movie", "live"))

    assert film.prefix == channel.prefix
    assert Address(film.prefix, "live/9.ts").url == f"{HOST}/live/joe/pw/9.ts"


@pytest.mark.parametrize(
    "url", ["http://[/1.mkv", "http://a]b/1.mkv", "//[", "http://\u2100/1.mkv"]
)
def test_an_address_that_nobody_can_read_has_no_provider(url: str) -> None:
    assert provider_of(url) == ""


def test_the_provider_of_an_address_is_its_host_with_port() -> None:
    assert provider_of("http://joe:pw@Provider.example.invalid:8080/x.mkv") == (
        "provider.example.invalid:8080"
    )


@pytest.mark.parametrize(
    ("lines", "is_same"),
    [
        pytest.param(Lines(5, b"#EXTINF:-1,A", b"", b"http://h/u/p/1"), True, id="moved"),
        pytest.param(Lines(0, b"#EXTINF:-1,A", b"", b"http://x/y/z/1?t=1"), True, id="new-token"),
        pytest.param(Lines(0, b"#EXTINF:-1,B", b"", b"http://h/u/p/1"), False, id="new-name"),
        pytest.param(Lines(0, b"#EXTINF:-1,A", b"#EXTGRP:G", b"http://h/u/p/1"), False, id="group"),
        pytest.param(
            Lines(0, b"#EXTINF:-1,A", b"", b"http://h/u/p/1|User-Agent=x"), False, id="options"
        ),
    ],
)
def test_an_entry_is_known_by_all_its_list_says_but_the_address(
    lines: Lines, is_same: bool
) -> None:
    known = Lines(0, b"#EXTINF:-1,A", b"", b"http://h/u/p/1")

    assert (content_of(lines, "1") == content_of(known, "1")) is is_same
    assert content_of(known, "1") != content_of(known, "2")


def test_digests_fit_a_signed_number_of_64_bits() -> None:
    digests = [key_digest(str(number)) for number in range(100)]

    assert all(-(2**63) <= digest < 2**63 for digest in digests)
    assert min(digests) < 0 < max(digests)
    assert len(set(digests)) == 100


def test_an_entry_is_read_with_its_kind_and_keys() -> None:
    raw = RawEntry(0, "EN - Heat (1995) 4K", HERE, group="VOD", tmdb_id=949)

    entry = read_entry(raw, content=7)

    assert (entry.url_kind, entry.content, entry.address.url) == ("movie", 7, HERE)
    assert entry.parsed.content_type is ContentType.MOVIE
    assert {"heat", "tmdb:949"} <= {key.key for key in entry.keys}


def test_what_a_person_said_of_an_entry_counts_before_its_name() -> None:
    said = Override(title="Ronin", year=1998)

    entry = read_entry(RawEntry(0, NAME, HERE, group="VOD"), override=said)

    assert (entry.parsed.title, entry.parsed.year) == ("Ronin", 1998)
    assert [key.key for key in entry.keys] == ["ronin"]
    assert entry.identity == who(NAME, HERE)
