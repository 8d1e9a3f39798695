"""Filters put to what is stored, titles compared with what the arrs have, playlists removed."""

from __future__ import annotations

import pytest

from stalkeer.core.filters import Attribute, FilterRule
from stalkeer.core.items import ContentType
from stalkeer.core.jobs import ItemMove
from stalkeer.core.states import ItemState, JobKind, JobStatus
from stalkeer.db.models import EntryKey, Playlist, PlaylistItem
from stalkeer.db.pages import PageRequest
from stalkeer.db.store import Store
from stalkeer.jobs import filtering, removal, survey
from stalkeer.jobs.filtering import filter_job
from stalkeer.jobs.survey import survey_job
from tests.builders import (
    add_job,
    entry,
    jobs_of,
    learn,
    movie,
    playlist,
    publish,
    start_download,
    take,
)
from tests.jobs.conftest import House
from tests.standins.radarr import Radarr
from tests.standins.sonarr import Sonarr

NO_ADULTS = FilterRule("no adults", Attribute.GROUP_TITLE, (), ("(?i)adult",))


def put(house: House, kind: JobKind) -> None:
    """Run every job of a kind that is ready."""
    for job in jobs_of(house.store, kind):
        if job.status is JobStatus.READY:
            ended = house.run(job.id)
            assert ended.status is JobStatus.DONE, ended.last_error


def kept_out(store: Store) -> dict[str, str | None]:
    rows = store.db.read(lambda: list(PlaylistItem.select()))
    return {row.name: row.filtered_by for row in rows}


def two_groups(house: House) -> None:
    publish(
        house.store,
        entry("Heat (1995)", group="VOD"),
        entry("Bad (1999)", "http://tv.example.invalid/films/2.mkv", group="Adults"),
    )
    house.store.tallies.recount(playlist(house.store))


def test_a_new_filter_keeps_out_what_is_stored_and_its_removal_lets_it_in(house: House) -> None:
    two_groups(house)

    row, _ = filtering.add(house.services, NO_ADULTS)
    put(house, JobKind.FILTER)
    with_filter = kept_out(house.store), house.store.tallies.by("group_title")
    filtering.remove(house.services, row.id)
    put(house, JobKind.FILTER)

    assert with_filter == ({"Heat (1995)": None, "Bad (1999)": "no adults"}, {"VOD": 1})
    assert set(kept_out(house.store).values()) == {None}
    assert house.store.tallies.by("group_title") == {"VOD": 1, "Adults": 1}
    actions = [(run.action, run.status, run.counts["kept_out"]) for run in house.store.runs.last(2)]
    assert actions == [("filter", "completed", 0), ("filter", "completed", 1)]


def test_what_is_let_in_is_searched_for(house: House) -> None:
    item = learn(house.store, movie())
    two_groups(house)
    row, _ = filtering.add(house.services, FilterRule("no vod", Attribute.GROUP_TITLE, (), ("V",)))
    put(house, JobKind.FILTER)
    move = ItemMove(item_id=item, state=ItemState.NO_MATCH, reason="in none")
    house.store.items.move([move])

    filtering.change(house.services, row.id, NO_ADULTS)
    put(house, JobKind.FILTER)

    assert [job.item_id for job in jobs_of(house.store, JobKind.SEARCH)] == [item]
    assert jobs_of(house.store, JobKind.SURVEY)


def test_filters_that_changed_nothing_search_for_nothing(house: House) -> None:
    learn(house.store, movie())
    two_groups(house)

    filtering.add(house.services, FilterRule("odd", Attribute.TVG_NAME, (), ("nothing",)))
    put(house, JobKind.FILTER)

    assert jobs_of(house.store, JobKind.SEARCH) == ()
    assert jobs_of(house.store, JobKind.SURVEY) == ()


def test_a_job_for_filters_that_changed_again_leaves_the_work_to_the_next(house: House) -> None:
    two_groups(house)
    _, first = filtering.add(house.services, NO_ADULTS)
    _, second = filtering.add(house.services, FilterRule("b", Attribute.TVG_NAME, (), ("Heat",)))

    ended = house.run(first)
    house.run(second)

    assert ended.result is not None
    assert ended.result["outcome"] == "skipped"
    assert kept_out(house.store) == {"Heat (1995)": "b", "Bad (1999)": "no adults"}


def test_what_an_import_writes_meanwhile_is_judged_once_more(house: House) -> None:
    two_groups(house)
    take(house.store, add_job(house.store, JobKind.REFRESH_PLAYLIST))

    filtering.add(house.services, NO_ADULTS)
    [job] = jobs_of(house.store, JobKind.FILTER)
    house.run(job.id)

    [_, again] = jobs_of(house.store, JobKind.FILTER)
    assert (again.status, again.dedup_key) == (JobStatus.READY, f"{job.dedup_key}:again")


def test_filters_of_the_settings_are_put_to_the_entries_when_they_change(house: House) -> None:
    rule = FilterRule("settings_tvg_name", Attribute.TVG_NAME, ("^EN",), is_runtime=False)

    filtering.configure(house.store, [rule])
    filtering.configure(house.store, [rule])

    assert len(jobs_of(house.store, JobKind.FILTER)) == 1
    assert house.store.filters.rules() == (rule,)


def test_the_filters_of_one_list_are_replaced_as_a_whole(house: House) -> None:
    list_id = playlist(house.store)

    first = filtering.replace_of(house.services, list_id, [NO_ADULTS])
    same = filtering.replace_of(house.services, list_id, [NO_ADULTS])
    none = filtering.replace_of(house.services, list_id, [])

    assert first is not None
    assert (same, none is not None) == (None, True)
    assert house.store.filters.rules() == ()


def titles(store: Store) -> dict[str, tuple[int, int, bool | None]]:
    found = store.titles.search("", list(ContentType))
    return {row.title: (row.entries, row.confidence, row.is_collected) for row in found}


def run_survey(house: House) -> str:
    job_id = house.store.jobs.add_or_find(survey_job())
    ended = house.run(job_id)
    assert ended.status is JobStatus.DONE, ended.last_error
    assert ended.result is not None
    return str(ended.result["reason"])


def test_titles_are_compared_with_the_libraries_of_both_arrs(
    house: House, radarr: Radarr, sonarr: Sonarr
) -> None:
    radarr.seed_movie("Heat", 1995)
    sonarr.seed_series("The Wire", 2002)
    for number, name in enumerate(
        ["Heat (1995)", "Heat (1995) 4K", "Alien", "The Wire S01E01", "Atlanta S01E01"], 1
    ):
        url = f"http://tv.example.invalid/files/{number}.mkv"
        publish(house.store, entry(name, url), name=f"list{number}")

    run_survey(house)

    assert titles(house.store) == {
        "Heat": (2, 100, True),
        "Alien": (1, 70, False),
        "The Wire": (1, 100, True),
        "Atlanta": (1, 100, False),
    }
    request = PageRequest(sort="title", descending=False)
    page = house.store.titles.uncollected(ContentType.TVSHOW, request)
    assert [row.title for row in page.rows] == ["Atlanta"]


def test_a_second_survey_writes_only_what_changed(
    house: House, radarr: Radarr, sonarr: Sonarr, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("stalkeer.db.titles.STRETCH", 1)
    films = [
        entry(f"Film {letter} (1990)", f"http://tv.example.invalid/{letter}.mkv")
        for letter in "ABCDE"
    ]
    publish(house.store, *films)

    first, second = run_survey(house), run_survey(house)
    publish(house.store, *films[1:])
    third = run_survey(house)

    assert (first, second, third) == (
        "5 titles changed", "0 titles changed", "1 titles changed",
    )  # fmt: skip
    assert "Film A" not in titles(house.store)


def test_what_was_found_stays_while_an_arr_does_not_answer(house: House, radarr: Radarr) -> None:
    radarr.seed_movie("Heat", 1995)
    publish(house.store, entry("Heat (1995)"))
    run_survey(house)

    collections = {ContentType.MOVIE: None, ContentType.TVSHOW: None}
    survey.compare(house.store, collections, go_on=lambda: None)

    assert titles(house.store) == {"Heat": (1, 100, True)}


def test_a_playlist_leaves_with_everything_but_the_history_of_downloads(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(removal, "AT_ONCE", 2)
    item = learn(house.store, movie())
    films = [
        entry(f"Heat ({year})", f"http://tv.example.invalid/{year}.mkv")
        for year in range(1995, 2000)
    ]
    [row, *_] = publish(house.store, *films)
    download = start_download(house.store, [item], row).download_id
    house.store.tallies.recount(playlist(house.store))

    job_id = removal.remove(house.services, playlist(house.store))
    at_once = house.store.playlists.all()
    house.run(job_id)

    assert at_once == ()
    for model in (Playlist, PlaylistItem, EntryKey):
        assert house.store.db.read(model.select().count) == 0
    kept = house.store.downloads.get(download or 0)
    assert kept is not None
    assert kept.playlist_item_id is None


def test_one_filter_job_is_enough_for_the_filters_of_a_moment(house: House) -> None:
    one = house.store.jobs.add_or_find(filter_job(house.store))

    assert house.store.jobs.add_or_find(filter_job(house.store)) == one
