"""Entries looked up by the keys of wanted items, on both databases."""

from __future__ import annotations

import random
from datetime import date

import pytest

from stalkeer.core.entries import key_digest
from stalkeer.core.items import ContentType, Wanted
from stalkeer.core.matching import fits
from stalkeer.core.titles import EntryKey as TitleKey
from stalkeer.core.titles import title_key
from stalkeer.db.models import EntryKey, PlaylistAddress, PlaylistItem
from stalkeer.db.store import Store
from stalkeer.db.vault import Vault, VaultError
from tests.builders import entry, episode, movie, publish, row_of

HEAT = entry("Heat (1995)", "http://tv.example.invalid/films/1.mkv")
RONIN = entry("Ronin (1998)", "http://tv.example.invalid/films/2.mkv")
WIRE = entry("The Wire S01E01-E02", "http://tv.example.invalid/series/3.mkv")


def names(store: Store, wanted: Wanted) -> list[str]:
    return [candidate.name for candidate in store.playlists.candidates(wanted)]


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        pytest.param(movie(), ["Heat (1995)"], id="title"),
        pytest.param(movie(title="HEAT!"), ["Heat (1995)"], id="other-spelling"),
        pytest.param(movie(title="Heat 2"), [], id="other-title"),
        pytest.param(movie(alternate_titles=("Ronin",)), ["Heat (1995)", "Ronin (1998)"], id="aka"),
        pytest.param(episode(title="Heat"), [], id="an-episode-is-no-movie"),
        pytest.param(episode(), ["The Wire S01E01-E02"], id="first-of-two"),
        pytest.param(episode(2, number=2), ["The Wire S01E01-E02"], id="second-of-two"),
        pytest.param(episode(3, number=3), [], id="another-episode"),
    ],
)
def test_candidates_are_found_by_any_title_and_kind(
    store: Store, wanted: Wanted, found: list[str]
) -> None:
    publish(store, HEAT, RONIN, WIRE)

    assert names(store, wanted) == found


def test_a_daily_episode_is_found_by_its_date(store: Store) -> None:
    [row_id] = publish(store, entry("The Daily Show 2024-01-26", group="TV Shows"))
    row = row_of(store, EntryKey, EntryKey.item == row_id)

    daily = episode(title="The Daily Show", series_type="daily", air_date=row.air_date)

    assert row.air_date is not None
    assert names(store, daily) == ["The Daily Show 2024-01-26"]


def test_entries_of_a_playlist_that_is_no_longer_set_are_no_candidates(store: Store) -> None:
    store.playlists.configure([("list", "/list.m3u")])
    publish(store, HEAT)

    store.playlists.configure([("other", "/other.m3u")])

    assert names(store, movie()) == []
    store.playlists.configure([("list", "/list.m3u")])
    assert names(store, movie()) == ["Heat (1995)"]


def test_a_candidate_says_what_the_list_says(store: Store) -> None:
    given = entry(
        "Heat (1995)",
        "http://h.example.invalid/movie/u/p/1.mkv",
        tvg_id="tt0113277",
        logo="http://i.example.invalid/heat.png",
        tvg_type="movies",
        user_agent="VLC",
        referrer="http://r.example.invalid/",
    )
    [row_id] = publish(store, given)

    [candidate] = store.playlists.candidates(movie())
    found = store.playlists.entry(row_id)

    assert (candidate.entry_id, candidate.group, candidate.url_kind) == (row_id, "VOD", "movie")
    assert (candidate.tvg_id, candidate.logo) == ("tt0113277", "http://i.example.invalid/heat.png")
    assert candidate.tvg_type == "movies"
    assert found is not None
    assert (found.user_agent, found.referrer) == ("VLC", "http://r.example.invalid/")
    assert store.playlists.entry(row_id + 1) is None


def listed(chance: random.Random) -> TitleKey:
    """Make up a row of the index."""
    first = chance.choice([None, 0, 1, 2, 3])
    return TitleKey(
        key=title_key("The Wire"),
        content_type=chance.choice([ContentType.MOVIE, ContentType.TVSHOW]),
        season=chance.choice([None, 0, 1, 2]),
        episode_from=first,
        episode_to=None if first is None else first + chance.choice([0, 1, 2]),
        absolute=chance.choice([None, None, 1, 2, 30]),
        air_date=chance.choice([None, None, date(2024, 1, 26), date(2024, 1, 27)]),
    )


@pytest.mark.parametrize(
    "wanted",
    [
        pytest.param(movie(title="The Wire"), id="movie"),
        pytest.param(episode(), id="episode"),
        pytest.param(episode(season=0, number=0), id="special-zero"),
        pytest.param(episode(number=2, absolute_episode=30), id="absolute"),
        pytest.param(episode(scene_season=2, scene_episode=3, scene_absolute=2), id="scene"),
        pytest.param(episode(air_date=date(2024, 1, 26)), id="daily"),
    ],
)
def test_the_database_finds_just_what_fits_says(store: Store, wanted: Wanted) -> None:
    chance = random.Random(5)
    [row_id] = publish(store, entry("The Wire S01E01", group="TV"))
    rows = {row_id + number: listed(chance) for number in range(1, 600)}
    template = store.db.read(lambda: PlaylistItem.get_by_id(row_id).__data__)
    store.db.write(lambda: add_entries(template, rows))
    expected = {number for number, row in rows.items() if fits(wanted, row)}

    found = {candidate.entry_id for candidate in store.playlists.candidates(wanted)} - {row_id}

    assert found == expected
    assert 0 < len(expected) < len(rows)


def add_entries(template: dict[str, object], rows: dict[int, TitleKey]) -> None:
    PlaylistItem.insert_many([template | {"id": number} for number in rows]).execute()
    EntryKey.insert_many(
        [
            {
                "key": key_digest(row.key),
                "item": number,
                "content_type": row.content_type,
                "season": row.season,
                "episode_from": row.episode_from,
                "episode_to": row.episode_to,
                "absolute": row.absolute,
                "air_date": row.air_date,
            }
            for number, row in rows.items()
        ]
    ).execute()


def test_what_came_or_changed_is_compared_with_what_is_missing(store: Store) -> None:
    publish(store, HEAT, WIRE)
    changed = entry("Heat (1995)", "http://tv.example.invalid/films/1.mkv", logo="http://i/b.png")
    missing = {
        1: movie(),
        2: movie(2, "Ronin", 1998),
        3: episode(3),
        4: episode(4, number=3),
        5: movie(5, "Coco", 2017),
    }
    playlist_id = store.playlists.all()[0].id

    first = store.playlists.new_for(playlist_id, missing, since_version=0)
    publish(store, changed, RONIN, WIRE)
    second = store.playlists.new_for(playlist_id, missing, since_version=1)

    assert first == (1, 3)
    assert second == (1, 2)
    assert store.playlists.new_for(playlist_id, missing, since_version=2) == ()
    assert store.playlists.new_for(playlist_id, {}, since_version=0) == ()


def test_an_address_that_cannot_be_opened_says_which_setting_to_look_at(store: Store) -> None:
    [row_id] = publish(store, HEAT)
    locked = replace_secret(store, row_id)

    with pytest.raises(VaultError, match="STALKEER_SECRET_KEY"):
        store.playlists.entry(row_id)

    assert locked


def replace_secret(store: Store, row_id: int) -> int:
    item = row_of(store, PlaylistItem, PlaylistItem.id == row_id)
    secret = Vault(["another"]).seal('["http://h/",""]')
    query = PlaylistAddress.update(secret=secret).where(PlaylistAddress.id == item.address_id)
    return store.db.write(lambda: int(query.execute()))
