"""A name while its layers are taken off: what is left, and what the layers said."""

from __future__ import annotations

from dataclasses import dataclass, field

from stalkeer.core.tags import Tags, greater

FIRST_YEAR = 1880
# A later number belongs to the title ("Blade Runner 2049", "2067"). A fixed year and not the
# clock's: the same name must give the same key next year.
LAST_YEAR = 2035
EDGES = " \t|-,;_"


@dataclass(slots=True)
class Peeled:
    """A name without its layers.

    `year_is_bare` says that the year stood there as a plain last word and may belong to the title.
    `kept_prefix` and `kept_words` are removed tags that may be words of the title, `loose_prefix`
    is one that was left because nobody knows it. `tail` is what follows a year in brackets and is
    no tag. `removed` are the layers as they were written.
    """

    title: str
    year: int | None = None
    year_is_bare: bool = False
    country: str | None = None
    kept_prefix: str = ""
    loose_prefix: str = ""
    kept_words: str = ""
    tail: str = ""
    resolution: str | None = None
    languages: tuple[str, ...] = ()
    removed: list[str] = field(default_factory=list)

    def take(self, layer: str, tags: Tags | None = None) -> None:
        """Note a layer that was taken off, and what it says."""
        self.removed.append(layer.strip(EDGES + ":"))
        if tags is not None:
            self.say(tags)

    def say(self, tags: Tags) -> None:
        """Add what tags say; the languages in the order they were met."""
        self.resolution = greater(self.resolution, tags.resolution)
        if tags.languages:
            self.languages = tuple(dict.fromkeys((*self.languages, *tags.languages)))


def read_year(text: str) -> int | None:
    """Give the year that four digits stand for, or None when it is no text of that kind."""
    if len(text) != 4 or not (text.isascii() and text.isdecimal()):
        return None
    year = int(text)
    return year if FIRST_YEAR <= year <= LAST_YEAR else None
