"""The names that a person's word taught for a film or a series."""

from __future__ import annotations

from dataclasses import dataclass

from stalkeer.core.titles import ParsedName


@dataclass(frozen=True, slots=True, kw_only=True)
class Alias:
    """A name as an entry showed it that a person confirmed; `key` is the title's key.

    An entry of the same name is the same film or series. One that `is_shared` was taught for two
    of them: then group and languages must be the same too.
    """

    key: str
    title: str
    year: int | None = None
    country: str | None = None
    group: str = ""
    languages: tuple[str, ...] = ()
    is_shared: bool = False

    def names(self, parsed: ParsedName, group: str) -> bool:
        """Say whether an entry that was read so has this name."""
        best = parsed.readings[0] if parsed.readings else None
        if best is None or (best.key, best.year, best.country) != (
            self.key,
            self.year,
            self.country,
        ):
            return False
        return not self.is_shared or (group, parsed.languages) == (self.group, self.languages)


def alias_of(parsed: ParsedName, group: str) -> Alias | None:
    """Give what a confirmation of this entry teaches; None when its name holds no title."""
    if not parsed.readings:
        return None
    best = parsed.readings[0]
    return Alias(
        key=best.key,
        title=best.title,
        year=best.year,
        country=best.country,
        group=group,
        languages=parsed.languages,
    )
