"""One example with real data for every operation of the document: what to ask, on which rows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from stalkeer.core.collection import Collection
from stalkeer.core.filters import Attribute, FilterRule
from stalkeer.core.items import ContentType, ItemKind
from stalkeer.core.jobs import Ended, ItemMove, NewMatch, done
from stalkeer.core.learned import Alias
from stalkeer.core.states import ItemState, JobKind, JobStatus, MatchState
from stalkeer.db.pages import PageRequest
from stalkeer.db.sources import PlaylistSpec
from stalkeer.db.store import Store
from stalkeer.jobs.survey import compare
from tests.builders import (
    LIMITS,
    add_job,
    entry,
    episode,
    learn,
    movie,
    playlist,
    publish,
    start_download,
    take,
)


def _taught(store: Store, match_id: int) -> int:
    """Teach a name and return its id."""
    target = ("radarr", ItemKind.MOVIE, 1)
    store.learned.teach(target, Alias(key="hitze", title="Hitze", year=1995), match_id)
    return store.learned.page(PageRequest()).rows[0].id


@dataclass(frozen=True, slots=True)
class Example:
    """A call of an operation; `places` are filled into its path."""

    status: int = 200
    places: Mapping[str, object] = field(default_factory=dict)
    query: Mapping[str, str] = field(default_factory=dict)
    body: Mapping[str, Any] | None = None


def seed(store: Store, *, movie_id: int, folder: Path) -> dict[str, int]:
    """Write rows of every kind; return ids by name. Radarr wants the movie `movie_id`.

    A playlist of a file is put into `folder`.
    """
    item = learn(store, movie(movie_id))
    others = [learn(store, movie(100 + number, f"Film {number}", 1990)) for number in range(4)]
    learn(store, episode(31, episode_title="The Target"))
    names = ["Heat (1995)", "Heat 1996", *(f"Film {number} (1990)" for number in range(4))]
    rows = publish(
        store,
        *(
            entry(name, f"http://tv.example.invalid/joe/word/{number}.mkv")
            for number, name in enumerate(names, start=1)
        ),
    )
    [episode_entry] = publish(store, entry("The Wire S01E01"), name="series")
    for name in ("list", "series"):
        store.tallies.recount(playlist(store, name))
    compare(store, {ContentType.MOVIE: Collection()}, go_on=lambda: None)
    judged = [_match(item, row, 60 - number) for number, row in enumerate(rows[:2])]
    _, lease = take(store, add_job(store, JobKind.SEARCH, instance="radarr", item_id=item))
    asked = ItemMove(item_id=item, state=ItemState.TO_CONFIRM, reason="only 60 sure")
    store.leases.end(lease, done("to_confirm", matches=tuple(judged), items=(asked,)), LIMITS)
    downloads = [
        start_download(store, [other], row, key=f"download:{other}")
        for other, row in zip(others, rows[2:], strict=True)
    ]
    ids = [job.download_id or 0 for job in downloads]
    store.control.pause(ids[1])
    matches = [match.id for match in store.matches.of_item(item)]
    store.instances.note_sync("radarr", counts={"missing": 5})
    store.runs.finish(store.runs.start("reconcile", "radarr"), item_count=5, counts={"missing": 5})
    return {
        "arr": movie_id,
        "item": item,
        "entry": rows[0],
        "episode_entry": episode_entry,
        "list": playlist(store),
        "file_list": _file_list(store, folder),
        "filter": store.filters.add(FilterRule("odd", Attribute.GROUP_TITLE, (), ("odd",))).id,
        "match": matches[0],
        "other_match": matches[1],
        "name": _taught(store, matches[0]),
        "download": ids[0],
        "paused": ids[1],
        "doomed": ids[2],
        "job": downloads[3].id,
        "failed": _failed(store),
        "failed_too": _failed(store),
    }


def examples(ids: Mapping[str, int]) -> dict[tuple[str, str], Example]:
    """Give one call of every operation, in an order in which all of them can be made."""
    v1 = "/api/v1"
    radarr = {"instance": "radarr"}
    webhook = {"eventType": "MovieAdded", "movie": {"id": ids["arr"]}}
    return {
        ("GET", "/"): Example(),
        ("GET", "/ping"): Example(),
        ("GET", "/health"): Example(),
        ("GET", "/api/openapi.json"): Example(),
        ("GET", "/api/docs"): Example(),
        ("GET", "/api/docs.css"): Example(),
        ("POST", "/webhooks/{instance}"): Example(202, radarr, body=webhook),
        ("PUT", "/webhooks/{instance}"): Example(200, radarr, body={"eventType": "Test"}),
        ("GET", f"{v1}/system/status"): Example(),
        ("POST", f"{v1}/system/doctor"): Example(),
        ("POST", f"{v1}/system/backup"): Example(202),
        ("POST", f"{v1}/system/cleanup"): Example(202),
        ("GET", f"{v1}/widget"): Example(),
        ("GET", f"{v1}/missing/movies"): Example(query={"state": "to_confirm"}),
        ("GET", f"{v1}/missing/tvshows"): Example(),
        ("GET", f"{v1}/radarr-sync"): Example(),
        ("GET", f"{v1}/sonarr-sync"): Example(query={"instance": "sonarr"}),
        ("GET", f"{v1}/sync-status"): Example(),
        ("GET", f"{v1}/matches"): Example(query={"state": "to_confirm"}),
        ("GET", f"{v1}/matches/{{match_id}}"): Example(places={"match_id": ids["match"]}),
        ("GET", f"{v1}/downloads"): Example(query={"sort": "title", "order": "asc"}),
        ("GET", f"{v1}/downloads/{{download_id}}"): Example(
            places={"download_id": ids["download"]}
        ),
        ("GET", f"{v1}/playlists"): Example(query={"sort": "name"}),
        ("GET", f"{v1}/playlists/{{playlist_id}}"): Example(places={"playlist_id": ids["list"]}),
        ("GET", f"{v1}/playlists/{{playlist_id}}/groups"): Example(
            places={"playlist_id": ids["list"]}
        ),
        ("GET", f"{v1}/items"): Example(query={"content_type": "movie", "sort": "title"}),
        ("GET", f"{v1}/items/{{item_id}}"): Example(places={"item_id": ids["entry"]}),
        ("GET", f"{v1}/movies"): Example(query={"year": "1995"}),
        ("GET", f"{v1}/movies/{{item_id}}"): Example(places={"item_id": ids["entry"]}),
        ("GET", f"{v1}/tvshows"): Example(query={"filtered": "any"}),
        ("GET", f"{v1}/tvshows/{{item_id}}"): Example(places={"item_id": ids["episode_entry"]}),
        ("GET", f"{v1}/filters"): Example(query={"attribute": "group_title"}),
        ("GET", f"{v1}/stats"): Example(),
        ("GET", f"{v1}/runs"): Example(query={"since": "2020-01-01T00:00:00Z"}),
        ("GET", f"{v1}/missing-content"): Example(query={"type": "movie"}),
        ("GET", f"{v1}/admin/jobs"): Example(query={"kind": "search"}),
        ("GET", f"{v1}/admin/jobs/{{job_id}}"): Example(places={"job_id": ids["failed"]}),
        ("GET", f"{v1}/matches/names"): Example(query={"kind": "movie"}),
        ("DELETE", f"{v1}/matches/names/{{name_id}}"): Example(places={"name_id": ids["name"]}),
        ("POST", f"{v1}/missing/scan"): Example(202),
        ("POST", f"{v1}/missing/{{instance}}/{{arr_id}}/search"): Example(
            202, {"instance": "radarr", "arr_id": ids["arr"]}
        ),
        ("POST", f"{v1}/radarr-sync"): Example(202, body={"limit": 5}),
        ("POST", f"{v1}/sonarr-sync"): Example(202, query={"instance": "sonarr"}),
        ("POST", f"{v1}/matches"): Example(
            201, body={"instance": "radarr", "arr_id": ids["arr"], "item_id": ids["entry"]}
        ),
        ("POST", f"{v1}/matches/{{match_id}}/confirm"): Example(places={"match_id": ids["match"]}),
        ("DELETE", f"{v1}/matches/{{match_id}}"): Example(places={"match_id": ids["other_match"]}),
        ("POST", f"{v1}/matches/{{match_id}}/reset"): Example(places={"match_id": ids["match"]}),
        ("GET", "/metrics"): Example(),
        ("GET", f"{v1}/downloads/stats"): Example(),
        ("GET", f"{v1}/downloads/events"): Example(query={"last_event_id": "0"}),
        ("POST", f"{v1}/downloads"): Example(202, body={"item_id": ids["entry"]}),
        ("PUT", f"{v1}/downloads/{{download_id}}/pause"): Example(
            places={"download_id": ids["download"]}
        ),
        ("PUT", f"{v1}/downloads/{{download_id}}/resume"): Example(
            places={"download_id": ids["paused"]}
        ),
        ("PUT", f"{v1}/downloads/{{download_id}}/priority"): Example(
            places={"download_id": ids["download"]}, body={"priority": 1}
        ),
        ("DELETE", f"{v1}/downloads/{{download_id}}"): Example(
            places={"download_id": ids["doomed"]}
        ),
        ("POST", f"{v1}/admin/jobs/replay"): Example(
            202, body={"status": "failed", "ids": [ids["failed"]]}
        ),
        ("POST", f"{v1}/admin/jobs/{{job_id}}/replay"): Example(202, {"job_id": ids["failed_too"]}),
        ("POST", f"{v1}/admin/jobs/{{job_id}}/cancel"): Example(202, {"job_id": ids["job"]}),
        ("POST", f"{v1}/instances/{{name}}/register"): Example(places={"name": "radarr"}),
        ("POST", f"{v1}/instances"): Example(
            201,
            body={
                "name": "radarr4k",
                "service": "radarr",
                "url": "http://127.0.0.1:9",
                "api_key": "00112233445566778899aabbccddeeff",
            },
        ),
        ("GET", f"{v1}/instances"): Example(),
        ("GET", f"{v1}/instances/{{name}}"): Example(places={"name": "radarr4k"}),
        ("PUT", f"{v1}/instances/{{name}}"): Example(
            places={"name": "radarr4k"}, body={"url": "http://127.0.0.1:9", "limit": 5}
        ),
        ("POST", f"{v1}/instances/{{name}}/test"): Example(places={"name": "radarr"}),
        ("DELETE", f"{v1}/instances/{{name}}"): Example(places={"name": "radarr4k"}),
        ("GET", f"{v1}/settings/{{section}}"): Example(places={"section": "downloads"}),
        ("PUT", f"{v1}/settings/{{section}}"): Example(
            places={"section": "downloads"}, body={"values": {"concurrent_limit": 5}}
        ),
        ("POST", f"{v1}/settings/notifications/test"): Example(409),
        ("POST", f"{v1}/keys/rotate"): Example(409, body={"key": "api_key"}),
        ("POST", f"{v1}/setup"): Example(
            201, body={"code": "code-of-the-first-start", "password": "correct horse battery"}
        ),
        ("POST", f"{v1}/login"): Example(body={"password": "correct horse battery"}),
        ("GET", f"{v1}/session"): Example(409),
        ("POST", f"{v1}/logout"): Example(),
        ("POST", f"{v1}/password"): Example(
            body={"old": "correct horse battery", "new": "staple correct horse"}
        ),
        ("POST", f"{v1}/items/search"): Example(body={"q": "heat"}),
        ("PUT", f"{v1}/items/{{item_id}}"): Example(
            places={"item_id": ids["entry"]}, body={"year": 1996, "title": None}
        ),
        ("POST", f"{v1}/dryrun"): Example(body={"playlist_id": ids["file_list"]}),
        ("POST", f"{v1}/filters"): Example(
            201, body={"name": "no adults", "attribute": "group_title", "exclude": ["(?i)adult"]}
        ),
        ("PATCH", f"{v1}/filters/{{filter_id}}"): Example(
            places={"filter_id": ids["filter"]}, body={"include": ["^VOD"]}
        ),
        ("DELETE", f"{v1}/filters/{{filter_id}}"): Example(202, {"filter_id": ids["filter"]}),
        ("DELETE", f"{v1}/filters/runtime"): Example(202),
        ("POST", f"{v1}/playlists"): Example(
            201, body={"name": "more", "location": "https://tv.example.invalid/more.m3u"}
        ),
        ("PUT", f"{v1}/playlists/{{playlist_id}}"): Example(
            places={"playlist_id": ids["list"]}, body={"refresh_s": 7200, "connection_limit": 2}
        ),
        ("POST", f"{v1}/playlists/{{playlist_id}}/refresh"): Example(
            202, {"playlist_id": ids["list"]}, body={"force": True}
        ),
        ("DELETE", f"{v1}/playlists/{{playlist_id}}"): Example(
            202, {"playlist_id": ids["file_list"]}
        ),
    }


def _match(item_id: int, entry_id: int, score: int) -> NewMatch:
    return NewMatch(
        item_id=item_id,
        entry_id=entry_id,
        score=score,
        method="title",
        reasons=("the years differ by one",),
        state=MatchState.TO_CONFIRM,
    )


def _file_list(store: Store, folder: Path) -> int:
    path = folder / "films.m3u"
    path.write_text("#EXTM3U\n#EXTINF:-1,Heat (1995)\nhttp://tv.example.invalid/1.mkv\n")
    return store.sources.add(PlaylistSpec(name="file", kind="m3u", location=str(path)))


def _failed(store: Store) -> int:
    job_id = add_job(store, JobKind.CLEANUP)
    _, lease = take(store, job_id)
    ended = Ended(status=JobStatus.FAILED, error_code="cut", error="it was cut")
    store.leases.end(lease, ended, LIMITS)
    return job_id
