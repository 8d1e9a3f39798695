"""Take off a name what providers put around the title, and keep what each layer says."""

from __future__ import annotations

import re

from stalkeer.core.endings import take_bracket_year, take_endings, take_release, take_suffix
from stalkeer.core.layers import EDGES, Peeled
from stalkeer.core.prefixes import take_bars, take_prefixes

_ALIAS = re.compile(r"(.{2,}?)\s*[(\[]([^()\[\]]*[^\W\d_]{2}[^()\[\]]*)[)\]]")


def peel(text: str) -> Peeled:
    """Take all layers off a cleaned name, or off the part of it before an episode marker."""
    peeled = Peeled(text if text.startswith("|") else text.strip(EDGES + ":"))
    take_suffix(peeled)
    peeled.title = peeled.title.replace("_", " ").strip()
    if "|" in peeled.title:
        take_bars(peeled)
    take_prefixes(peeled)
    take_release(peeled)
    take_bracket_year(peeled)
    take_endings(peeled)
    peeled.title = peeled.title.strip(EDGES).rstrip(":([{").strip() or peeled.title
    return peeled


def aliases(title: str) -> tuple[str, ...]:
    """Give the two names of a title written as `Origen (Inception)` or `Мумия | The Mummy`."""
    for separator in (" | ", " / "):
        if separator in title:
            return tuple(part.strip() for part in title.split(separator) if len(part.strip()) > 1)
    match = _ALIAS.fullmatch(title) if title[-1:] in ")]" else None
    return (match[1].strip(), match[2].strip()) if match else ()
