"""Matches over HTTP: which entry might be which item, and what a person says about it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Literal

from stalkeer.core.items import ItemKind, Service
from stalkeer.core.jobs import Considered
from stalkeer.core.states import MatchState
from stalkeer.db.control import NoSuchRowError
from stalkeer.db.items import Item
from stalkeer.db.learned import Learned
from stalkeer.db.matches import MatchRow
from stalkeer.jobs import by_hand
from stalkeer.jobs.services import Services
from stalkeer.web.faults import FROM_ARR
from stalkeer.web.operations import delete, get, post
from stalkeer.web.shapes import Answer, Body, Listing, Name, Paged, PathId, RowId, Stamp, Word

_TAG = "matches"


class MatchQuery(Paged):
    """Which matches to list."""

    sort: Literal["id", "state", "score", "updated_at"] = "id"
    id: RowId | None = None
    state: MatchState | None = None


class Alternative(Answer):
    """Another entry that was considered for the same item, and why it was not chosen.

    `id` and `state` are those of its own match; null for one that never was proposed.
    """

    id: int | None
    playlist_item_id: int
    entry_name: str
    match_score: int
    method: str
    reasons: tuple[str, ...]
    state: MatchState | None


class MatchAnswer(Answer):
    """The judgement of one entry for one item."""

    example: ClassVar[Mapping[str, Any]] = {
        "id": 7,
        "playlist_item_id": 4711,
        "entry_name": "Heat (1996)",
        "target_service": "radarr",
        "target_item_id": 12,
        "target_title": "Heat (1995)",
        "match_score": 60,
        "is_confirmed": False,
        "state": "to_confirm",
        "method": "title",
        "reasons": ["the years differ by one"],
        "alternatives": [
            {
                "id": None,
                "playlist_item_id": 4712,
                "entry_name": "Heat (1972)",
                "match_score": 0,
                "method": "title_year",
                "reasons": ["title 'Heat' equal", "year 1972 differs from 1995"],
                "state": None,
            }
        ],
        "created_at": "2026-01-31T12:00:00Z",
        "updated_at": "2026-01-31T12:00:00Z",
    }

    id: int
    playlist_item_id: int
    entry_name: str
    target_service: Service | None
    target_item_id: int | None
    target_title: str | None
    match_score: int
    is_confirmed: bool
    state: MatchState
    method: str
    reasons: tuple[str, ...]
    alternatives: tuple[Alternative, ...]
    created_at: Stamp
    updated_at: Stamp


class TakenBack(Answer):
    """What a match is without a person's word; null for one that only a person had proposed."""

    example: ClassVar[Mapping[str, Any]] = {"match": None}

    match: MatchAnswer | None


class NameQuery(Paged):
    """Which taught names to list."""

    sort: Literal["id", "instance", "title"] = "id"
    instance: Word | None = None
    kind: ItemKind | None = None
    target_id: RowId | None = None


class NameAnswer(Answer):
    """A name of a film or a series that a confirmation taught.

    `target_id` is the id of the movie or the series in its arr.
    """

    example: ClassVar[Mapping[str, Any]] = {
        "id": 7,
        "match_id": 7,
        "instance": "sonarr",
        "kind": "episode",
        "target_id": 31,
        "title": "La Casa de Papel",
        "year": None,
        "country": None,
        "group": "Series ES",
        "created_at": "2026-01-31T12:00:00Z",
    }

    id: int
    match_id: int | None
    instance: str
    kind: ItemKind
    target_id: int
    title: str
    year: int | None
    country: str | None
    group: str
    created_at: Stamp


class ChoiceBody(Body):
    """A playlist entry chosen for an item of an arr."""

    example: ClassVar[Mapping[str, Any]] = {"instance": "radarr", "arr_id": 12, "item_id": 4711}

    instance: Name
    arr_id: RowId
    item_id: RowId


@dataclass(frozen=True, slots=True)
class Matches:
    """The operations on matches."""

    services: Services

    @get("/api/v1/matches", tag=_TAG)
    def page(self, query: MatchQuery) -> Listing[MatchAnswer]:
        """List which entry might be which item."""
        store = self.services.store
        found = store.matches.page(query.request())
        item_ids = {match.item_id for match in found.rows}
        items = {item.id: item for item in store.items.many(item_ids)}
        judged = store.matches.of_items(item_ids)

        def shown(match: MatchRow) -> MatchAnswer:
            return match_answer(match, items.get(match.item_id), judged.get(match.item_id, ()))

        return Listing.of(found, query, shown)

    @get("/api/v1/matches/{match_id}", tag=_TAG)
    def one(self, match_id: PathId) -> MatchAnswer:
        """Show one match."""
        found = self.services.store.matches.get(match_id)
        if found is None:
            raise NoSuchRowError(f"There is no match {match_id}.")
        return self._shown(found)

    @post("/api/v1/matches", tag=_TAG, status=201, errors=(*FROM_ARR, "not_found", "not_wanted"))
    def choose(self, body: ChoiceBody) -> MatchAnswer:
        """Take an entry for an item, whatever it scores."""
        match = by_hand.choose(self.services, body.instance, body.arr_id, body.item_id)
        return self._shown(match)

    @post("/api/v1/matches/{match_id}/confirm", tag=_TAG, errors=("conflict",))
    def confirm(self, match_id: PathId) -> MatchAnswer:
        """Take the entry of a match."""
        return self._shown(by_hand.confirm(self.services, match_id))

    @delete("/api/v1/matches/{match_id}", tag=_TAG, errors=("conflict",))
    def reject(self, match_id: PathId) -> MatchAnswer:
        """Never propose the entry of a match again for its item.

        What its confirmation taught is taken back.
        """
        return self._shown(by_hand.reject(self.services, match_id))

    @post("/api/v1/matches/{match_id}/reset", tag=_TAG, errors=("conflict",))
    def reset(self, match_id: PathId) -> TakenBack:
        """Take back what a person said of a match, and what that taught."""
        by_hand.take_back(self.services, match_id)
        found = self.services.store.matches.get(match_id)
        return TakenBack(match=None if found is None else self._shown(found))

    @get("/api/v1/matches/names", tag=_TAG)
    def names(self, query: NameQuery) -> Listing[NameAnswer]:
        """List the names that confirmations taught."""
        return Listing.of(self.services.store.learned.page(query.request()), query, name_answer)

    @delete("/api/v1/matches/names/{name_id}", tag=_TAG)
    def forget(self, name_id: PathId) -> NameAnswer:
        """Take back one name that a confirmation taught."""
        return name_answer(by_hand.forget_name(self.services, name_id))

    def _shown(self, match: MatchRow) -> MatchAnswer:
        store = self.services.store
        return match_answer(
            match, store.items.get(match.item_id), store.matches.of_item(match.item_id)
        )


def match_answer(match: MatchRow, item: Item | None, others: Iterable[MatchRow]) -> MatchAnswer:
    """Show a match; `others` are all that were judged for its item."""
    return MatchAnswer(
        id=match.id,
        playlist_item_id=match.playlist_item_id,
        entry_name=match.entry_name,
        target_service=item.service if item else None,
        target_item_id=item.wanted.arr_id if item else None,
        target_title=item.wanted.label if item else None,
        match_score=match.score,
        is_confirmed=match.state is MatchState.CONFIRMED,
        state=match.state,
        method=match.method,
        reasons=tuple(match.reasons),
        alternatives=_alternatives(match, others),
        created_at=match.created_at,
        updated_at=match.updated_at,
    )


def _alternatives(match: MatchRow, others: Iterable[MatchRow]) -> tuple[Alternative, ...]:
    """Show what the search considered beside a match, and what else was ever proposed."""
    known = {other.playlist_item_id: other for other in others if other.id != match.id}
    considered = [_considered(each, known.pop(each.entry_id, None)) for each in match.alternatives]
    return (*considered, *(_other(other) for other in known.values()))


def _considered(each: Considered, match: MatchRow | None) -> Alternative:
    return Alternative(
        id=match.id if match else None,
        playlist_item_id=each.entry_id,
        entry_name=each.name,
        match_score=each.score,
        method=each.method,
        reasons=each.reasons,
        state=match.state if match else None,
    )


def _other(match: MatchRow) -> Alternative:
    return Alternative(
        id=match.id,
        playlist_item_id=match.playlist_item_id,
        entry_name=match.entry_name,
        match_score=match.score,
        method=match.method,
        reasons=match.reasons,
        state=match.state,
    )


def name_answer(learned: Learned) -> NameAnswer:
    """Show a taught name."""
    return NameAnswer(
        id=learned.id,
        match_id=learned.match_id,
        instance=learned.instance,
        kind=learned.kind,
        target_id=learned.target_id,
        title=learned.alias.title,
        year=learned.alias.year,
        country=learned.alias.country,
        group=learned.alias.group,
        created_at=learned.created_at,
    )
