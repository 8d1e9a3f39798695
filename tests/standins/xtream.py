"""A stand-in for an Xtream Codes panel: an account, films, series, and answers gone wrong.

What it has are the objects as a panel writes them; a test changes them, or replaces an answer.
"""

from __future__ import annotations

import gzip
import json
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from types import TracebackType
from typing import Any, Self
from urllib.parse import parse_qsl, urlsplit

USERNAME = "joe"
PASSWORD = "hunter2"
EXPIRES = 1_999_999_999


def film(number: int, name: str, **fields: Any) -> dict[str, Any]:
    """Describe a film as `get_vod_streams` does."""
    return {
        "num": number,
        "name": name,
        "stream_type": "movie",
        "stream_id": number,
        "stream_icon": f"http://img.example.invalid/{number}.jpg",
        "rating": "7.85",
        "added": "1700000000",
        "category_id": "1",
        "container_extension": "mkv",
        "custom_sid": "",
        "direct_source": "",
    } | fields


def series(number: int, name: str, *, last_modified: Any = "1700000000", **fields: Any) -> Any:
    """Describe a series as `get_series` does."""
    return {
        "num": number,
        "name": name,
        "series_id": number,
        "cover": f"http://img.example.invalid/s{number}.jpg",
        "rating": 8,
        "last_modified": last_modified,
        "category_id": "9",
    } | fields


def episode(number: int, season: int, place: int, **fields: Any) -> dict[str, Any]:
    """Describe an episode as `get_series_info` does."""
    return {
        "id": str(number),
        "episode_num": place,
        "title": f"Episode {place}",
        "container_extension": "mp4",
        "info": {"duration_secs": 2700, "tmdb_id": 62085},
        "season": season,
        "direct_source": "",
    } | fields


@dataclass(slots=True)
class Answer:
    """An answer in place of the right one."""

    body: bytes = b""
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)


class Panel:
    """See the module. `answers` replace those to an action, or to an action and an id:
    `get_series_info 7`; the login is the action `login`."""

    def __init__(self) -> None:
        self.user: Any = {
            "username": USERNAME,
            "password": PASSWORD,
            "auth": 1,
            "status": "Active",
            "exp_date": str(EXPIRES),
            "is_trial": "0",
            "active_cons": "0",
            "max_connections": "2",
        }
        self.film_categories: Any = [
            {"category_id": "1", "category_name": "VOD EN", "parent_id": 0}
        ]
        self.series_categories: Any = [{"category_id": "9", "category_name": "SERIES EN"}]
        self.films: Any = []
        self.series: Any = []
        self.details: dict[str, Any] = {}
        self.answers: dict[str, Answer] = {}
        self.media: dict[str, str] = {}
        """Where `/movie/…` and `/series/…` addresses redirect to, by the last part of the path."""
        self.asked: list[str] = []
        self.agents: set[str] = set()
        self._server = _Server(self)
        self._thread = Thread(target=self._server.serve_forever, args=(0.02,), daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    @property
    def url(self) -> str:
        """The address a person types."""
        return f"http://127.0.0.1:{self._server.server_port}"

    def add_series(self, described: dict[str, Any], *episodes: dict[str, Any]) -> None:
        """Add a series with its episodes, which are given by season as most panels do."""
        self.series.append(described)
        seasons: dict[str, list[Any]] = {}
        for each in episodes:
            seasons.setdefault(str(each["season"]), []).append(each)
        said = {"seasons": [], "info": {"name": described["name"]}, "episodes": seasons}
        self.details[str(described["series_id"])] = said

    def count(self, action: str) -> int:
        """Count the requests of an action."""
        return sum(each.split()[0] == action for each in self.asked)

    def answer(self, query: dict[str, str]) -> Answer:
        """Find the answer to a question of the API, and note it."""
        action = query.get("action", "login")
        key = " ".join(filter(None, (action, query.get("series_id"))))
        self.asked.append(key)
        if replaced := self.answers.get(key) or self.answers.get(action):
            return replaced
        is_known = (query.get("username"), query.get("password")) == (USERNAME, PASSWORD)
        if not is_known:
            return _json({"user_info": {"auth": 0}})
        return _json(self._said(action, query.get("series_id", "")))

    def _said(self, action: str, series_id: str) -> Any:
        lists = {
            "get_vod_categories": self.film_categories,
            "get_vod_streams": self.films,
            "get_series_categories": self.series_categories,
            "get_series": self.series,
        }
        if action == "login":
            return {"user_info": self.user, "server_info": {"url": "127.0.0.1", "port": "80"}}
        # Of a series it does not know a panel says an empty list, where all else is an object.
        return lists[action] if action in lists else self.details.get(series_id, [])


def _json(said: Any) -> Answer:
    return Answer(json.dumps(said).encode(), headers={"Content-Type": "application/json"})


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, panel: Panel) -> None:
        self.panel = panel
        super().__init__(("127.0.0.1", 0), _Handler)


class _Handler(BaseHTTPRequestHandler):
    server: _Server

    def log_message(self, *words: Any) -> None:
        """Say nothing on the terminal."""

    def do_GET(self) -> None:
        panel, parts = self.server.panel, urlsplit(self.path)
        panel.agents.add(self.headers.get("User-Agent", ""))
        last = parts.path.rpartition("/")[2]
        if parts.path == "/player_api.php":
            answer = panel.answer(dict(parse_qsl(parts.query)))
        elif last in panel.media:
            answer = Answer(status=302, headers={"Location": panel.media[last]})
        else:
            answer = Answer(status=404)
        body, headers = answer.body, answer.headers
        if "gzip" in self.headers.get("Accept-Encoding", "") and "Content-Type" in headers:
            body, headers = gzip.compress(body, 1), headers | {"Content-Encoding": "gzip"}
        self.send_response(answer.status)
        for name, value in ({"Content-Length": str(len(body))} | headers).items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)
