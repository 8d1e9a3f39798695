"""Tell which poster a picture address is: the same poster is the same film, whatever its name."""

from __future__ import annotations

import re

# No picture's address is longer, and what repeats a host for ever would take for ever.
_LONGEST = 2000
# Also inside the address of a proxy for pictures: "https://proxy.example/?url=image.tmdb.org/…".
_TMDB = re.compile(
    r"\b(?:tmdb|themoviedb)\.org/(?:[\w.-]+/)+([\w-]+)\.(?:jpe?g|png|webp|svg)", re.IGNORECASE
)
_TVDB = re.compile(
    r"\bthetvdb\.com/(?:banners/)?(?:_cache/)?((?:[\w.-]+/)*[\w-]+?)(?:_t)?\.(?:jpe?g|png|webp)",
    re.IGNORECASE,
)


def poster_of(url: str) -> str | None:
    """Give what names a picture of TMDB or TheTVDB, whatever its size; None for all others.

    `…tmdb.org/t/p/w600_and_h900_bestv2/abc.jpg` gives `abc`, `artworks.thetvdb.com/banners/
    posters/79126-1_t.jpg` gives `tvdb/posters/79126-1`.
    """
    # What both patterns ask for, found much faster: most pictures are the provider's own.
    if len(url) > _LONGEST or "db." not in url.lower():
        return None
    if match := _TMDB.search(url):
        return match[1]
    match = _TVDB.search(url)
    return f"tvdb/{match[1]}" if match else None
