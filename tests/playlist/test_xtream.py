from __future__ import annotations

import json
import sqlite3
import stat
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest

from stalkeer.core.m3u import RawEntry, read_entries
from stalkeer.playlist.episodes import Pace
from stalkeer.playlist.errors import (
    AccountBannedError,
    AccountDisabledError,
    AccountExpiredError,
    AccountRefusedError,
    PlaylistEmptyError,
    PlaylistError,
    PlaylistIsHtmlError,
    PlaylistNotFoundError,
    PlaylistTooLargeError,
    PlaylistTruncatedError,
    PlaylistUnreachableError,
)
from stalkeer.playlist.stream import SourceLimits
from stalkeer.playlist.terms import (
    Account,
    NotModified,
    OpenSource,
    Source,
    SourceInfo,
    SourceKind,
    SourceRules,
)
from stalkeer.playlist.xtream import account_of, open_panel, panel_base
from tests.standins.xtream import EXPIRES, PASSWORD, USERNAME, Answer, Panel, episode, film, series

PAGE = Answer(b"<!DOCTYPE html><html>busy</html>")
WEEK_S = 7 * 86400


@dataclass
class Clock:
    """Time that passes only while the panel is left alone."""

    seconds: float = 1_700_000_000.0
    waits: list[float] = field(default_factory=list)

    def wait(self, seconds: float) -> None:
        self.waits.append(seconds)
        self.seconds += seconds

    def pace(self, **fields: Any) -> Pace:
        return Pace(clock=self.read, now=self.read, wait=self.wait, **fields)

    def read(self) -> float:
        return self.seconds


@dataclass
class Read:
    """What one opening of a panel gave."""

    info: SourceInfo
    entries: list[RawEntry]
    is_known: bool
    steps: list[str]

    @property
    def names(self) -> list[str]:
        return [entry.name for entry in self.entries]


@pytest.fixture
def panel() -> Iterator[Panel]:
    with Panel() as running:
        yield running


@pytest.fixture
def clock() -> Clock:
    return Clock()


def bare() -> httpx.BaseTransport:
    # Loading the certificates takes longer than all of a test.
    return httpx.HTTPTransport(verify=False)


def source_at(panel: Panel, **fields: Any) -> Source:
    return Source(
        **{
            "name": "films",
            "location": panel.url,
            "kind": SourceKind.XTREAM,
            "username": USERNAME,
            "password": PASSWORD,
        }
        | fields
    )


def read(
    panel: Panel,
    clock: Clock | None = None,
    *,
    folder: Path | None = None,
    source: Source | None = None,
    pace: Pace | None = None,
    rules: SourceRules | None = None,
    watch: Callable[[str], None] = lambda _: None,
    **options: Any,
) -> Read:
    steps: list[str] = []

    def watched(words: str) -> None:
        steps.append(words)
        watch(words)

    opening = open_panel(
        source or source_at(panel),
        rules or SourceRules(user_agent="stalkeer/1", cache_dir=folder),
        pace=pace or (clock or Clock()).pace(),
        watch=watched,
        transport=bare(),
        **options,
    )
    with opening as opened:
        chunks = list(opened) if isinstance(opened, OpenSource) else []
        return Read(opened.info, list(read_entries(chunks)), isinstance(opened, NotModified), steps)


def with_series(panel: Panel, count: int) -> None:
    for number in range(1, count + 1):
        panel.add_series(series(number, f"Show {number}"), episode(100 + number, 1, 1))


# --- what it has ---


def test_a_film_is_an_entry_with_all_that_the_panel_says_of_it(panel: Panel) -> None:
    panel.films = [film(7, "Heat", year="1995", tmdb="949", duration_secs="10200")]

    (entry,) = read(panel).entries

    assert entry == RawEntry(
        index=0,
        name="Heat (1995)",
        url=f"{panel.url}/movie/{USERNAME}/{PASSWORD}/7.mkv",
        group="VOD EN",
        logo="http://img.example.invalid/7.jpg",
        tvg_type="movie",
        tmdb_id=949,
        duration_s=10200,
    )


def test_an_episode_is_an_entry_named_as_panels_name_them_with_the_ids_of_its_series(
    panel: Panel,
) -> None:
    panel.add_series(
        series(3, "Dark", tmdb=70523, releaseDate="2017-12-01"),
        episode(42, 1, 2, container_extension="mkv"),
    )

    (entry,) = read(panel).entries

    assert entry == RawEntry(
        index=0,
        name="Dark (2017) S01 E02",
        url=f"{panel.url}/series/{USERNAME}/{PASSWORD}/42.mkv",
        group="SERIES EN",
        logo="http://img.example.invalid/s3.jpg",
        tvg_type="series",
        tmdb_id=70523,
        duration_s=2700,
    )


def test_the_rating_stands_in_the_list_for_people(panel: Panel) -> None:
    panel.films = [
        film(7, "Heat", rating="7.85"),
        film(8, "Ronin", rating=""),
        film(9, "Dune", rating=10**400),
    ]

    with open_panel(source_at(panel), SourceRules(), transport=bare()) as opened:
        assert isinstance(opened, OpenSource)
        lines = b"".join(opened).decode().splitlines()

    assert ' rating="7.8"' in lines[1] or ' rating="7.9"' in lines[1]
    assert "rating" not in lines[3] + lines[5]


@pytest.mark.parametrize(
    ("name", "said", "shown"),
    [
        pytest.param("Heat", {"year": 1995}, "Heat (1995)", id="added"),
        pytest.param("Heat (1995)", {"year": "1995"}, "Heat (1995)", id="stands-there"),
        pytest.param("Heat 1995 4K", {"year": "1995"}, "Heat 1995 4K", id="stands-there-bare"),
        pytest.param("Heat (1996)", {"year": "1995"}, "Heat (1996)", id="name-says-another"),
        pytest.param("2012", {"year": "2009"}, "2012 (2009)", id="a-number-is-no-year"),
        pytest.param("Heat", {"releasedate": "1995-12-15"}, "Heat (1995)", id="from-the-date"),
        pytest.param("Heat", {"year": "0"}, "Heat", id="zero"),
        pytest.param("Heat", {"year": None, "release_date": ""}, "Heat", id="none"),
    ],
)
def test_the_year_of_the_panel_is_added_to_a_name_that_shows_none(
    panel: Panel, name: str, said: dict[str, Any], shown: str
) -> None:
    panel.films = [film(7, name, **said)]

    assert read(panel).names == [shown]


@pytest.mark.parametrize(
    "name",
    [
        "8½",
        'The "Best" Film, ever = good',
        "L'Été, à l'ombre",
        "Tabs\tand\nlines",
        "Half \ud83d",
        "tvg-id='x', group-title='y'",
        "See http://example.invalid/x.mkv",
    ],
)
def test_no_name_of_a_panel_breaks_the_list_or_changes_another_entry(
    panel: Panel, name: str
) -> None:
    panel.films = [film(7, name), film(8, "Ronin (1998)")]

    first, second = read(panel).entries

    assert first.url.endswith("/7.mkv")
    assert first.group == "VOD EN"
    assert (second.name, second.index) == ("Ronin (1998)", 1)


def test_a_name_and_a_password_with_signs_are_written_so_that_the_address_holds(
    panel: Panel,
) -> None:
    panel.answers["login"] = Answer(json.dumps({"user_info": panel.user}).encode())
    for action in ("get_vod_categories", "get_series_categories", "get_series"):
        panel.answers[action] = Answer(b"[]")
    panel.answers["get_vod_streams"] = Answer(json.dumps([film(7, "Heat")]).encode())

    (entry,) = read(panel, source=source_at(panel, username="a/b", password="c d?#")).entries

    assert entry.url == f"{panel.url}/movie/a%2Fb/c%20d%3F%23/7.mkv"


@pytest.mark.parametrize(
    "fields",
    [
        pytest.param({"stream_id": None}, id="no-id"),
        pytest.param({"stream_id": "../../etc"}, id="id-that-is-a-path"),
        pytest.param({"stream_id": {"a": 1}}, id="id-that-is-an-object"),
        pytest.param({"name": None}, id="no-name"),
        pytest.param({"name": "  "}, id="blank-name"),
        pytest.param({"name": ["x"]}, id="name-that-is-a-list"),
    ],
)
def test_what_has_no_id_or_no_name_is_passed_over(panel: Panel, fields: dict[str, Any]) -> None:
    panel.films = [film(6, "Heat") | fields, film(7, "Ronin"), None, [], "x"]

    assert read(panel).names == ["Ronin"]


@pytest.mark.parametrize(
    ("fields", "end"),
    [
        pytest.param({"container_extension": "MKV"}, "7.mkv", id="upper-case"),
        pytest.param({"container_extension": ".avi"}, "7.avi", id="with-its-dot"),
        pytest.param({"container_extension": None}, "7.mp4", id="null"),
        pytest.param({"container_extension": ""}, "7.mp4", id="empty"),
        pytest.param({"container_extension": "../x"}, "7.mp4", id="a-path"),
        pytest.param({"stream_id": "7"}, "7.mkv", id="id-as-text"),
        pytest.param({"stream_id": 7.0}, "7.mkv", id="id-with-a-point"),
    ],
)
def test_the_container_is_the_end_of_the_address(
    panel: Panel, fields: dict[str, Any], end: str
) -> None:
    panel.films = [film(7, "Heat") | fields]

    (entry,) = read(panel).entries

    assert entry.url.endswith(f"/{end}")


@pytest.mark.parametrize(
    ("said", "tmdb_id"),
    [
        ({"tmdb": "603"}, 603),
        ({"tmdb_id": 603}, 603),
        ({"tmdb": "", "tmdb_id": "603"}, 603),
        ({"tmdb": "0"}, None),
        ({"tmdb": None}, None),
        ({"tmdb": "-5"}, None),
        ({"tmdb": "tt0133093"}, None),
        ({"tmdb": 10**30}, None),
        ({"tmdb": [603]}, None),
    ],
)
def test_the_tmdb_id_is_read_whatever_its_form(
    panel: Panel, said: dict[str, Any], tmdb_id: int | None
) -> None:
    panel.films = [film(7, "The Matrix", **said)]

    assert [entry.tmdb_id for entry in read(panel).entries] == [tmdb_id]


def test_films_are_also_read_from_an_object_of_numbers_as_php_writes_lists_with_gaps(
    panel: Panel,
) -> None:
    panel.films = {"0": film(7, "Heat"), "5": film(8, "Ronin")}

    assert read(panel).names == ["Heat", "Ronin"]


@pytest.mark.parametrize(
    "episodes",
    [
        pytest.param({"1": [episode(1, 1, 1)], "2": [episode(2, 2, 1)]}, id="by-season"),
        pytest.param([[episode(1, 1, 1)], [episode(2, 2, 1)]], id="list-of-lists"),
        pytest.param([episode(2, 2, 1), episode(1, 1, 1)], id="flat-and-out-of-order"),
        pytest.param(
            {"1": {"1": episode(1, 1, 1)} | episode(1, 1, 1), "2": [episode(2, 2, 1)]},
            id="one-episode-in-place-of-a-list",
        ),
        pytest.param(
            {"1": [episode(1, 1, 1) | {"season": None}], "2": [episode(2, 2, 1) | {"season": ""}]},
            id="season-only-as-the-key",
        ),
        pytest.param(
            [episode(1, 1, 1) | {"season": "1", "episode_num": "1"}, episode(2, 2, 1)],
            id="numbers-as-texts",
        ),
        pytest.param(
            {"1": [episode(1, 1, 1), episode(1, 1, 1), None, "x"], "2": [episode(2, 2, 1)]},
            id="one-twice-and-rubbish-between",
        ),
        pytest.param(
            {"1": [episode(1, 1, 1, info=[])], "2": [episode(2, 2, 1, info=None)]},
            id="info-that-is-no-object",
        ),
        pytest.param(
            [episode(1, 1, 1), episode(2, 2, 1), episode(9, 3, 1) | {"episode_num": None}],
            id="one-without-a-number",
        ),
    ],
)
def test_episodes_are_read_in_every_form_panels_give_them(panel: Panel, episodes: Any) -> None:
    panel.add_series(series(3, "Dark"))
    panel.details["3"] = {"seasons": None, "info": [], "episodes": episodes}

    assert read(panel).names == ["Dark S01 E01", "Dark S02 E01"]


@pytest.mark.parametrize(
    ("info", "seconds"),
    [
        ({"duration_secs": "2700"}, 2700),
        ({"duration_secs": 0, "duration": "00:45:00"}, 2700),
        ({"duration": "45:00"}, 2700),
        ({"duration_secs": "", "duration": ""}, None),
        ({"duration_secs": -5}, None),
        ({"duration_secs": 10**9}, None),
    ],
)
def test_the_running_time_is_read_where_it_is_given(
    panel: Panel, info: dict[str, Any], seconds: int | None
) -> None:
    panel.add_series(series(3, "Dark"), episode(1, 1, 1, info=info))

    assert [entry.duration_s for entry in read(panel).entries] == [seconds]


# --- the account ---


def test_what_the_account_says_of_itself_is_told(panel: Panel) -> None:
    panel.films = [film(7, "Heat")]
    panel.user["active_cons"] = "1"

    account = read(panel).info.account

    assert account == Account(
        max_connections=2,
        active_connections=1,
        expires_at=datetime.fromtimestamp(EXPIRES, UTC),
    )
    assert account_of(source_at(panel), SourceRules(), transport=bare()).account == account


@pytest.mark.parametrize(
    "fields",
    [
        pytest.param({"exp_date": None, "max_connections": None}, id="null"),
        pytest.param({"exp_date": "", "max_connections": ""}, id="empty"),
        pytest.param({"exp_date": "0", "max_connections": "0"}, id="zero"),
        pytest.param({"exp_date": "Unlimited", "max_connections": []}, id="words"),
    ],
)
def test_an_account_without_limits_has_none(panel: Panel, fields: dict[str, Any]) -> None:
    panel.user |= fields

    account = account_of(source_at(panel), SourceRules(), transport=bare()).account

    assert account == Account(active_connections=0)


def test_an_account_that_never_ends_is_no_date_out_of_range(panel: Panel) -> None:
    panel.user["exp_date"] = 10**15

    account = account_of(source_at(panel), SourceRules(), transport=bare()).account

    assert account is not None
    assert account.expires_at == datetime(9999, 1, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    ("user", "kind", "said"),
    [
        pytest.param({"auth": 0}, AccountRefusedError, "does not accept", id="auth-0"),
        pytest.param({"auth": "0"}, AccountRefusedError, "does not accept", id="auth-0-as-text"),
        pytest.param([], AccountRefusedError, "does not accept", id="no-object"),
        pytest.param({"auth": 1, "status": "Expired"}, AccountExpiredError, "renew", id="expired"),
        pytest.param({"auth": 0, "status": "Expired"}, AccountExpiredError, "renew", id="both"),
        pytest.param({"auth": 1, "status": "Banned"}, AccountBannedError, "banned", id="banned"),
        pytest.param({"status": "Disabled"}, AccountDisabledError, "switched off", id="disabled"),
    ],
)
def test_an_account_that_cannot_be_used_is_refused_with_what_to_do(
    panel: Panel, user: Any, kind: type[PlaylistError], said: str
) -> None:
    panel.user = user

    with pytest.raises(kind, match=said) as caught:
        read(panel)

    assert "films" in str(caught.value)
    assert not caught.value.retryable
    assert panel.asked == ["login"]


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        pytest.param(Answer(b"[]"), AccountRefusedError, id="empty-list"),
        pytest.param(Answer(b'""'), AccountRefusedError, id="empty-text"),
        pytest.param(Answer(status=401), AccountRefusedError, id="401"),
        pytest.param(Answer(status=403), AccountRefusedError, id="403"),
        pytest.param(Answer(status=404), PlaylistUnreachableError, id="404"),
        pytest.param(Answer(status=503), PlaylistUnreachableError, id="503"),
        pytest.param(PAGE, PlaylistIsHtmlError, id="page"),
        pytest.param(Answer(b'{"user_info": {"au'), PlaylistTruncatedError, id="cut"),
        pytest.param(Answer(b""), PlaylistTruncatedError, id="nothing"),
        pytest.param(Answer(b"[" * 100_000), PlaylistTruncatedError, id="deep"),
        pytest.param(Answer(b" " * (33 * 1024**2)), PlaylistTooLargeError, id="huge"),
    ],
)
def test_a_login_that_goes_wrong_is_told_apart(
    panel: Panel, answer: Answer, kind: type[PlaylistError]
) -> None:
    panel.answers["login"] = answer

    with pytest.raises(kind) as caught:
        read(panel)

    assert PASSWORD not in str(caught.value)


@pytest.mark.parametrize(
    "location",
    [
        "http://panel.example.invalid:8080/",
        "http://panel.example.invalid:8080/player_api.php?username=a&password=b",
        "http://joe:word@panel.example.invalid:8080/get.php?username=a",
    ],
)
def test_a_panel_is_found_by_the_address_of_any_of_its_scripts(location: str) -> None:
    assert panel_base(location) == "http://panel.example.invalid:8080"


def test_a_panel_that_is_no_http_address_is_refused() -> None:
    with pytest.raises(PlaylistNotFoundError):
        panel_base("ftp://panel.example.invalid")


def test_the_playlist_s_own_user_agent_is_sent_in_place_of_the_general_one(panel: Panel) -> None:
    panel.films = [film(7, "Heat")]

    read(panel)
    read(panel, source=source_at(panel, user_agent="VLC/3"))

    assert panel.agents == {"stalkeer/1", "VLC/3"}


# --- its lists ---


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        pytest.param(PAGE, PlaylistIsHtmlError, id="page"),
        pytest.param(Answer(status=500), PlaylistUnreachableError, id="500"),
        pytest.param(Answer(b'[{"stream_id": 7'), PlaylistTruncatedError, id="cut-in-an-object"),
        pytest.param(Answer(b'[{"stream_id": 7}'), PlaylistTruncatedError, id="no-end"),
        pytest.param(Answer(b"[}"), PlaylistTruncatedError, id="damaged"),
        pytest.param(Answer(b'{"0" {}}'), PlaylistTruncatedError, id="damaged-object"),
        pytest.param(Answer(b"[" * 100_000), PlaylistTruncatedError, id="deep"),
        pytest.param(
            Answer(b'{"user_info": {"auth": 0}}'), PlaylistUnreachableError, id="login-answer"
        ),
        pytest.param(
            Answer(b'[{"name": "' + b"x" * (2 * 1024**2) + b'"}]'),
            PlaylistTruncatedError,
            id="endless-object",
        ),
    ],
)
@pytest.mark.parametrize("action", ["get_vod_streams", "get_series"])
def test_a_list_that_cannot_be_read_to_its_end_refuses_the_whole(
    panel: Panel, action: str, answer: Answer, kind: type[PlaylistError]
) -> None:
    panel.films = [film(7, "Heat")]
    panel.answers[action] = answer

    with pytest.raises(kind):
        read(panel)


@pytest.mark.parametrize("nothing", [b"[]", b"null", b'""', b"false", b"{}", b""])
def test_a_panel_without_series_has_its_films(panel: Panel, nothing: bytes) -> None:
    panel.films = [film(7, "Heat")]
    panel.answers["get_series"] = Answer(nothing)

    assert read(panel).names == ["Heat"]


def test_a_panel_without_anything_is_an_empty_list(panel: Panel) -> None:
    with pytest.raises(PlaylistEmptyError, match="neither films nor episodes"):
        read(panel)


def test_a_film_in_an_unknown_category_has_no_group(panel: Panel) -> None:
    panel.films = [
        film(7, "Heat", category_id="404"),
        film(8, "Ronin", category_id=None, category_ids=[1, 2]),
    ]

    assert [entry.group for entry in read(panel).entries] == ["", "VOD EN"]


def test_a_list_that_came_over_the_limit_is_refused(panel: Panel) -> None:
    panel.films = [film(number, "Heat") for number in range(1000)]
    rules = SourceRules(limits=SourceLimits(decoded_bytes=50_000))

    with pytest.raises(PlaylistTooLargeError):
        read(panel, rules=rules)


def test_a_long_list_is_read_whole_in_small_pieces(panel: Panel) -> None:
    panel.films = [film(number, f"Film {number} é") for number in range(3000)]

    assert read(panel).names == [f"Film {number} é" for number in range(3000)]


# --- unchanged ---


def test_a_panel_that_has_the_same_is_known_by_our_own_mark(panel: Panel, tmp_path: Path) -> None:
    panel.films = [film(7, "Heat")]
    first = read(panel, folder=tmp_path)

    again = read(panel, folder=tmp_path, etag=first.info.etag)
    panel.films[0]["name"] = "Heat 2"
    changed = read(panel, folder=tmp_path, etag=first.info.etag)

    assert (first.is_known, again.is_known, changed.is_known) == (False, True, False)
    assert again.info.account is not None


# --- series ---


def test_each_series_is_asked_for_once_and_again_only_when_it_changed(
    panel: Panel, tmp_path: Path
) -> None:
    with_series(panel, 3)
    read(panel, folder=tmp_path)

    panel.series[1]["last_modified"] = "1800000000"
    panel.details["2"]["episodes"]["1"].append(episode(300, 1, 2))
    again = read(panel, folder=tmp_path)

    assert again.names == ["Show 1 S01 E01", "Show 2 S01 E01", "Show 2 S01 E02", "Show 3 S01 E01"]
    assert panel.asked.count("get_series_info 1") == 1
    assert panel.asked.count("get_series_info 2") == 2


@pytest.mark.parametrize("mark", [None, "", "0"])
def test_a_series_that_never_says_when_it_changed_is_asked_for_once_a_week(
    panel: Panel, clock: Clock, tmp_path: Path, mark: Any
) -> None:
    panel.add_series(series(3, "Dark", last_modified=mark), episode(1, 1, 1))
    read(panel, clock, folder=tmp_path)

    clock.seconds += WEEK_S - 60
    read(panel, clock, folder=tmp_path)
    before = panel.count("get_series_info")
    clock.seconds += 120
    read(panel, clock, folder=tmp_path)

    assert (before, panel.count("get_series_info")) == (1, 2)


def test_series_are_asked_for_four_times_a_second(panel: Panel, clock: Clock) -> None:
    with_series(panel, 4)

    read(panel, clock)

    assert clock.waits == [0.25] * 4


def test_a_slow_panel_is_not_made_to_wait_as_well(panel: Panel) -> None:
    with_series(panel, 1)
    clock = Clock()
    ticks = iter([0.0, 0.0, 10.0])
    pace = replace(clock.pace(), clock=lambda: next(ticks))

    read(panel, pace=pace)

    assert clock.waits == [0.0]


def test_what_is_not_asked_for_in_time_is_left_for_the_next_time_and_the_rest_is_listed(
    panel: Panel, clock: Clock, tmp_path: Path
) -> None:
    with_series(panel, 10)

    first = read(panel, clock, folder=tmp_path, pace=clock.pace(first_budget_s=1.0))
    second = read(panel, clock, folder=tmp_path, pace=clock.pace(budget_s=1.0))
    third = read(panel, clock, folder=tmp_path, pace=clock.pace(budget_s=1.0))

    assert [each.info.unread_series for each in (first, second, third)] == [6, 2, 0]
    assert [len(each.entries) for each in (first, second, third)] == [4, 8, 10]
    assert panel.count("get_series_info") == 10


def test_the_first_time_films_wait_for_series_a_minute_at_most(
    panel: Panel, clock: Clock, tmp_path: Path
) -> None:
    panel.films = [film(7, "Heat")]
    with_series(panel, 300)

    first = read(panel, clock, folder=tmp_path)

    assert first.info.unread_series == 60
    assert first.names[0] == "Heat"


def test_wanted_series_are_asked_for_first(panel: Panel) -> None:
    with_series(panel, 2)
    panel.add_series(series(3, "EN - Breaking Bad (2008)"), episode(1, 1, 1))

    read(panel, wanted=frozenset({"breakingbad"}))

    infos = [each for each in panel.asked if each.startswith("get_series_info")]
    assert infos == ["get_series_info 3", "get_series_info 1", "get_series_info 2"]


@pytest.mark.parametrize(
    "answer",
    [
        pytest.param(PAGE, id="page"),
        pytest.param(Answer(status=404), id="404"),
        pytest.param(Answer(status=500), id="500"),
        pytest.param(Answer(b"[]"), id="empty-list"),
        pytest.param(Answer(b'{"episodes": {}}'), id="no-episodes"),
        pytest.param(Answer(b'{"episodes": "none"}'), id="episodes-as-text"),
        pytest.param(Answer(b'{"info": {}}'), id="nothing-said-of-episodes"),
        pytest.param(Answer(b'{"episodes": {"1": ['), id="cut"),
    ],
)
def test_a_series_that_goes_wrong_costs_that_series_only_and_is_asked_again_in_a_day(
    panel: Panel, clock: Clock, tmp_path: Path, answer: Answer
) -> None:
    with_series(panel, 3)
    panel.answers["get_series_info 2"] = answer

    first = read(panel, clock, folder=tmp_path)
    hour_later = read(panel, clock, folder=tmp_path)
    del panel.answers["get_series_info 2"]
    clock.seconds += 86400
    mended = read(panel, clock, folder=tmp_path)

    assert first.names == hour_later.names == ["Show 1 S01 E01", "Show 3 S01 E01"]
    assert mended.names == ["Show 1 S01 E01", "Show 2 S01 E01", "Show 3 S01 E01"]
    assert panel.count("get_series_info") == 4
    assert first.info.unread_series == 0


def test_what_was_known_of_a_series_stays_when_the_panel_says_nothing_any_more(
    panel: Panel, tmp_path: Path
) -> None:
    with_series(panel, 1)
    read(panel, folder=tmp_path)

    panel.series[0]["last_modified"] = "1800000000"
    panel.details["1"]["episodes"] = []

    assert read(panel, folder=tmp_path).names == ["Show 1 S01 E01"]


def test_a_panel_in_trouble_is_left_alone_after_ten_failures_in_a_row(
    panel: Panel, tmp_path: Path
) -> None:
    panel.films = [film(7, "Heat")]
    with_series(panel, 30)
    panel.answers["get_series_info"] = Answer(status=503)

    first = read(panel, folder=tmp_path)

    assert panel.count("get_series_info") == 10
    assert first.info.unread_series == 20
    assert first.names == ["Heat"]


def test_a_panel_that_wants_fewer_questions_is_left_alone_at_once(
    panel: Panel, tmp_path: Path
) -> None:
    panel.films = [film(7, "Heat")]
    with_series(panel, 3)
    panel.answers["get_series_info 2"] = Answer(status=429)

    first = read(panel, folder=tmp_path)
    del panel.answers["get_series_info 2"]
    second = read(panel, folder=tmp_path)

    assert first.info.unread_series == 2
    assert second.names == ["Heat", "Show 1 S01 E01", "Show 2 S01 E01", "Show 3 S01 E01"]


def test_a_cache_that_cannot_be_written_any_more_costs_only_what_it_would_keep(
    panel: Panel, tmp_path: Path
) -> None:
    with_series(panel, 2)

    def damage(words: str) -> None:
        if words == "series 2 of 2":
            with closing(sqlite3.connect(next(tmp_path.iterdir()))) as other:
                other.execute("DROP TABLE series")

    with pytest.raises(PlaylistUnreachableError, match="cannot be kept or read"):
        read(panel, folder=tmp_path, watch=damage)
    again = read(panel, folder=tmp_path)

    assert again.names == ["Show 1 S01 E01", "Show 2 S01 E01"]


def test_a_series_that_the_panel_dropped_is_no_longer_listed_or_kept(
    panel: Panel, tmp_path: Path
) -> None:
    with_series(panel, 2)
    read(panel, folder=tmp_path)

    gone = panel.series.pop()
    without = read(panel, folder=tmp_path)
    panel.series.append(gone)
    read(panel, folder=tmp_path)

    assert without.names == ["Show 1 S01 E01"]
    assert panel.asked.count("get_series_info 2") == 2


def test_whoever_watches_is_told_each_step_and_may_stop_it(panel: Panel, tmp_path: Path) -> None:
    with_series(panel, 2)

    def stop(words: str) -> None:
        if words == "series 2 of 2":
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        read(panel, folder=tmp_path, watch=stop)
    after = read(panel, folder=tmp_path)

    assert after.steps == ["list of films", "list of series", "series 1 of 1"]
    assert panel.asked.count("get_series_info 1") == 1


# --- what is kept ---


def test_what_is_kept_is_private_and_holds_no_credentials(panel: Panel, tmp_path: Path) -> None:
    folder = tmp_path / "xtream"
    with_series(panel, 2)
    panel.details["1"]["episodes"]["1"][0]["direct_source"] = f"http://x/{PASSWORD}/1.mkv"

    read(panel, folder=folder)

    (path,) = folder.iterdir()
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    kept = path.read_bytes() + path.name.encode()
    assert USERNAME.encode() not in kept
    assert PASSWORD.encode() not in kept


def test_two_accounts_on_one_panel_are_kept_apart_and_a_new_password_changes_nothing(
    panel: Panel, tmp_path: Path
) -> None:
    with_series(panel, 1)
    read(panel, folder=tmp_path)
    assert len(list(tmp_path.iterdir())) == 1

    with pytest.raises(AccountRefusedError):
        read(panel, folder=tmp_path, source=source_at(panel, password="new"))
    assert len(list(tmp_path.iterdir())) == 1
    with pytest.raises(AccountRefusedError):
        read(panel, folder=tmp_path, source=source_at(panel, username="jane"))
    assert len(list(tmp_path.iterdir())) == 2


@pytest.mark.parametrize("damage", [b"no database", b"SQLite format 3\0" + b"\xff" * 4000])
def test_a_damaged_file_is_made_anew(panel: Panel, tmp_path: Path, damage: bytes) -> None:
    with_series(panel, 1)
    read(panel, folder=tmp_path)
    (path,) = tmp_path.iterdir()
    path.write_bytes(damage)

    again = read(panel, folder=tmp_path)

    assert again.names == ["Show 1 S01 E01"]
    assert panel.count("get_series_info") == 2
    assert read(panel, folder=tmp_path).names == ["Show 1 S01 E01"]
    assert panel.count("get_series_info") == 2


def test_what_an_account_left_goes_a_month_after_it_was_last_used(
    panel: Panel, clock: Clock, tmp_path: Path
) -> None:
    panel.films = [film(7, "Heat")]
    read(panel, clock, folder=tmp_path)
    clock.seconds += 29 * 86400
    with pytest.raises(AccountRefusedError):
        read(panel, clock, folder=tmp_path, source=source_at(panel, username="jane"))
    kept = len(list(tmp_path.iterdir()))

    clock.seconds += 2 * 86400
    with pytest.raises(AccountRefusedError):
        read(panel, clock, folder=tmp_path, source=source_at(panel, username="jane"))

    assert (kept, len(list(tmp_path.iterdir()))) == (2, 1)


def test_a_file_of_another_release_is_begun_anew(panel: Panel, tmp_path: Path) -> None:
    with_series(panel, 1)
    read(panel, folder=tmp_path)
    with closing(sqlite3.connect(next(tmp_path.iterdir()))) as other:
        other.execute("PRAGMA user_version = 99")

    assert read(panel, folder=tmp_path).names == ["Show 1 S01 E01"]
    assert panel.count("get_series_info") == 2


def test_a_folder_that_cannot_be_written_costs_only_what_would_be_kept(
    panel: Panel, tmp_path: Path
) -> None:
    (tmp_path / "file").touch()
    with_series(panel, 1)

    assert read(panel, folder=tmp_path / "file").names == ["Show 1 S01 E01"]


def test_a_look_without_leave_to_write_uses_what_is_kept_and_changes_nothing(
    panel: Panel, tmp_path: Path
) -> None:
    with_series(panel, 1)
    read(panel, folder=tmp_path)
    before = {path: path.read_bytes() for path in tmp_path.iterdir()}
    panel.add_series(series(2, "Show 2"), episode(102, 1, 1))

    looked = read(panel, rules=SourceRules(cache_dir=tmp_path, read_only=True))

    assert looked.names == ["Show 1 S01 E01", "Show 2 S01 E01"]
    assert panel.asked.count("get_series_info 1") == 1
    assert {path: path.read_bytes() for path in tmp_path.iterdir()} == before


def test_a_look_without_leave_to_write_makes_no_folder(panel: Panel, tmp_path: Path) -> None:
    with_series(panel, 1)

    read(panel, rules=SourceRules(cache_dir=tmp_path / "xtream", read_only=True))

    assert list(tmp_path.iterdir()) == []
