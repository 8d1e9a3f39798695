"""What the playlists have for one item, and the one reason when nothing of it is taken.

Search and preview ask the same question here, so that a dry run shows what would be done.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass

from stalkeer.core.doubt import is_in_doubt
from stalkeer.core.items import Wanted
from stalkeer.core.jobs import Considered
from stalkeer.core.matching import Alias, Candidate, Quality, Ranking, Scored, rank
from stalkeer.core.reasons import WhyNot
from stalkeer.db.learned import target_of
from stalkeer.jobs.doubt import with_tmdb
from stalkeer.jobs.quality import quality_for
from stalkeer.jobs.services import Services

SHOWN = 20
"""So many of the entries that were considered are kept beside the one that was chosen."""


@dataclass(frozen=True, slots=True)
class Judged:
    """The candidates of one item in their bands, and what they are called in the lists."""

    ranking: Ranking
    names: Mapping[int, str]
    quality: Quality

    def considered(self, chosen: Scored) -> tuple[Considered, ...]:
        """Give the others in the order of their bands, each with why it was not chosen."""
        others = (one for one in self._all() if one.entry_id != chosen.entry_id)
        return tuple(
            Considered(
                entry_id=one.entry_id,
                name=self.names[one.entry_id],
                score=one.score,
                method=one.method,
                reasons=one.reasons,
            )
            for one, _ in zip(others, range(SHOWN), strict=False)
        )

    def _all(self) -> Iterator[Scored]:
        yield from self.ranking.taken
        yield from self.ranking.to_confirm
        yield from self.ranking.rejected


@dataclass(frozen=True, slots=True)
class Nothing:
    """Why no entry is taken for an item, as a code and in words."""

    code: WhyNot
    reason: str


def judged(services: Services, instance: str, wanted: Wanted) -> Judged:
    """Judge every entry of the playlists that is listed under a key of an item."""
    aliases = services.store.learned.of(target_of(instance, wanted))
    candidates = services.store.playlists.candidates(wanted, aliases)
    return _judged(services, instance, wanted, candidates, aliases)


def looked_up(services: Services, instance: str, wanted: Wanted) -> Judged:
    """Judge an item, and once more with what TMDB knows of it when that may settle a doubt."""
    found = judged(services, instance, wanted)
    if services.tmdb is None or not is_in_doubt(found.ranking):
        return found
    known = with_tmdb(services, wanted)
    return found if known == wanted else judged(services, instance, known)


def why_nothing(
    services: Services, instance: str, wanted: Wanted, found: Judged, out: Collection[int]
) -> Nothing:
    """Say why none of the entries is taken; a person rejected those that are `out`."""
    rejected = sum(one.entry_id in out for one in (*found.ranking.taken, *found.ranking.to_confirm))
    if rejected:
        entries = "the only entry that fits was" if rejected == 1 else f"{rejected} entries were"
        return Nothing(WhyNot.REJECTED, f"{entries} rejected by a person")
    return (
        _unwanted(services, found)
        or _kept_out(services, instance, wanted)
        or _near(services, found)
        or _in_none(services)
    )


def _judged(
    services: Services,
    instance: str,
    wanted: Wanted,
    candidates: Sequence[Candidate],
    aliases: Sequence[Alias],
) -> Judged:
    arr, _ = services.instance(instance)
    quality = quality_for(services, instance, wanted)
    ranking = rank(
        wanted,
        candidates,
        library=services.libraries.of(arr),
        rules=services.matching,
        aliases=aliases,
        quality=quality,
    )
    return Judged(ranking, {one.entry_id: one.name for one in candidates}, quality)


def _unwanted(services: Services, found: Judged) -> Nothing | None:
    """Find what would be the item, but for its language or its resolution."""
    least = services.matching.ask
    fitting = [
        (one.unwanted, one)
        for one in found.ranking.rejected
        if one.unwanted is not None and one.identity >= least
    ]
    if not fitting:
        return None
    code, best = max(fitting, key=lambda pair: pair[1].identity)
    return Nothing(code, f"{found.names[best.entry_id]}: {best.reasons[-1]}")


def _kept_out(services: Services, instance: str, wanted: Wanted) -> Nothing | None:
    """Find what would be taken or asked for, if no filter kept it out."""
    aliases = services.store.learned.of(target_of(instance, wanted))
    kept_out = services.store.playlists.kept_out(wanted, aliases)
    if not kept_out:
        return None
    candidates = [candidate for candidate, _ in kept_out]
    found = _judged(services, instance, wanted, candidates, aliases)
    best = next(iter((*found.ranking.taken, *found.ranking.to_confirm)), None)
    if best is None:
        return None
    filters = {candidate.entry_id: name for candidate, name in kept_out}
    return Nothing(
        WhyNot.FILTERED_OUT,
        f"{found.names[best.entry_id]} is kept out by the filter {filters[best.entry_id]}",
    )


def _near(services: Services, found: Judged) -> Nothing | None:
    """Find what has the title and is most likely something else."""
    near = [one for one in found.ranking.rejected if one.method != "none" and not one.unwanted]
    if not near:
        return None
    best = max(near, key=lambda one: one.score)
    said = f"{found.names[best.entry_id]}: {'; '.join(best.reasons)}"
    if best.score == 0:
        return Nothing(WhyNot.NOT_IN_LISTS, f"it is in none of the playlists; nearest is {said}")
    return Nothing(WhyNot.LOW_SCORE, f"{best.score} < {services.matching.ask}: {said}")


def _in_none(services: Services) -> Nothing:
    playlists = services.store.playlists.all()
    if any(row.version for row in playlists):
        return Nothing(WhyNot.NOT_IN_LISTS, "it is in none of the playlists")
    trouble = next((row.last_error for row in playlists if row.last_error), None)
    missing = "set STALKEER_M3U_URL or STALKEER_M3U_FILE_PATH"
    return Nothing(WhyNot.NO_PLAYLIST, f"no playlist is read yet: {trouble or missing}")
