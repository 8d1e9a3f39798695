"""Which picture an address is of."""

from __future__ import annotations

import pytest

from stalkeer.core.posters import poster_of


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("https://image.tmdb.org/t/p/w600_and_h900_bestv2/abc.jpg", "abc"),
        ("http://image.tmdb.org/t/p/original/aB-c_1.png", "aB-c_1"),
        ("https://www.themoviedb.org/t/p/w220/abc.jpg", "abc"),
        ("https://media.themoviedb.org/t/p/w220/abc.webp", "abc"),
        ("https://pics.example.invalid/?url=image.tmdb.org/t/p/w500/abc.jpg&w=200", "abc"),
        ("https://image.tmdb.org/t/p/w500/abc.jpg?x=1", "abc"),
        (
            "https://artworks.thetvdb.com/banners/posters/79126-1.jpg",
            "tvdb/posters/79126-1",
        ),
        (
            "https://artworks.thetvdb.com/banners/posters/79126-1_t.jpg",
            "tvdb/posters/79126-1",
        ),
        (
            "https://www.thetvdb.com/banners/_cache/posters/79126-1.jpg",
            "tvdb/posters/79126-1",
        ),
        (
            "https://artworks.thetvdb.com/banners/v4/series/1/posters/5f0a.jpg",
            "tvdb/v4/series/1/posters/5f0a",
        ),
        ("https://image.tmdb.org/t/p/w500/", None),
        ("https://nottmdb.organic.example.invalid/t/p/abc.jpg", None),
        ("http://tv.example.invalid/logo.png", None),
        ("http://" + "tmdb.org/" * 7000 + "abc.jpg", None),
        ("", None),
    ],
)
def test_a_picture_is_named_by_its_file_whatever_its_size(url: str, expected: str | None) -> None:
    assert poster_of(url) == expected
