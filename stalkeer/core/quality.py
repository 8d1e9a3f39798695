"""Which resolutions an item may have: what its quality profile accepts, and when it is content."""

from __future__ import annotations

from dataclasses import dataclass

_LADDER = ("480p", "720p", "1080p", "2160p")
_NOT_SHOWN = "it shows no resolution, and only a better one is wanted"


@dataclass(frozen=True, slots=True, kw_only=True)
class QualityProfile:
    """A quality profile, as far as it is about resolutions.

    `resolutions` are those it accepts, in its own order, the worst first; empty when it names
    none, and then it says nothing. A file is not replaced from the resolution `cutoff` on.
    """

    id: int
    name: str
    resolutions: tuple[str, ...] = ()
    cutoff: str | None = None
    upgrade_allowed: bool = False

    def wants_better_than(self, resolution: str) -> bool:
        """Say whether a file of this resolution is to be replaced by a better one."""
        if not self.upgrade_allowed or self.cutoff is None:
            return False
        return self.cutoff in self._better(resolution)

    def accepts(self, *, better_than: str | None = None) -> frozenset[str] | None:
        """Give the resolutions that may be fetched; None when every one may.

        `better_than` is the resolution of the file that is there: it and worse ones are left out.
        """
        if better_than is not None:
            return frozenset(self._better(better_than))
        return frozenset(self.resolutions) or None

    def _better(self, resolution: str) -> tuple[str, ...]:
        if resolution in self.resolutions:
            return self.resolutions[self.resolutions.index(resolution) + 1 :]
        # One the profile does not accept has no place in its order: then the height decides.
        above = _LADDER[_LADDER.index(resolution) + 1 :]
        return tuple(each for each in self.resolutions if each in above)


@dataclass(frozen=True, slots=True)
class Quality:
    """Which resolutions may be fetched for one item; `allowed` None allows every one.

    An entry that shows none is judged once its first bytes are here, unless `must_show` it.
    """

    allowed: frozenset[str] | None = None
    must_show: bool = False

    def refusal(self, resolution: str | None) -> str:
        """Say why an entry that shows this resolution, or none, is not fetched; else nothing."""
        if self.allowed is None:
            return ""
        if resolution is None:
            return _NOT_SHOWN if self.must_show else ""
        if resolution in self.allowed:
            return ""
        names = ", ".join(sorted(self.allowed, key=_LADDER.index)) or "none better"
        return f"its resolution {resolution} is not one the quality profile allows now ({names})"


ANY_QUALITY = Quality()


def resolution_of(height: int) -> str | None:
    """Give the name we use for a number of lines: 576 is `480p`; None for 0, which is unknown."""
    if height <= 0:
        return None
    return next((name for name in reversed(_LADDER) if int(name[:-1]) <= height), "480p")
