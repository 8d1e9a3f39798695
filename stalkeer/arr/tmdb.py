"""The Movie Database: other titles, the year, pictures and ids of films and series, by their ids.

It is only ever asked about an id that an arr told, never searched: a found title proves nothing.
Shapes: https://developer.themoviedb.org/reference (version 3).
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from threading import Lock
from typing import TypeVar

import httpx
from pydantic import BaseModel, TypeAdapter, ValidationError

from stalkeer.core.backoff import told_wait_s
from stalkeer.core.doubt import TmdbFacts
from stalkeer.errors import StalkeerError
from stalkeer.outgoing.trust import SYSTEM, Trust

T = TypeVar("T")

BASE_URL = "https://api.themoviedb.org/3/"
MAX_ANSWER_BYTES = 8 * 1024 * 1024
TIMEOUT_S = 10.0
REST_S = 300.0
"""So long nothing is asked after a failure; nobody waits for TMDB."""
WRONG_KEY_REST_S = 3600.0
_APPENDED = "alternative_titles,translations,external_ids"
# A read access token is a JSON web token; the older key is 32 hexadecimal digits.
_LONGEST_KEY = 64


class TmdbError(StalkeerError):
    """TMDB cannot be asked now. Nothing depends on it."""

    code = "tmdb_unavailable"
    retryable = True


class _Title(BaseModel):
    title: str | None = None
    name: str | None = None


class _Translation(BaseModel):
    data: _Title = _Title()


class _Translations(BaseModel):
    translations: tuple[_Translation, ...] = ()


class _OtherTitles(BaseModel):
    """`titles` of a film, `results` of a series."""

    titles: tuple[_Title, ...] = ()
    results: tuple[_Title, ...] = ()


class _Ids(BaseModel):
    imdb_id: str | None = None
    tvdb_id: int | None = None


class _Details(BaseModel):
    id: int
    title: str | None = None
    name: str | None = None
    original_title: str | None = None
    original_name: str | None = None
    release_date: str | None = None
    first_air_date: str | None = None
    alternative_titles: _OtherTitles = _OtherTitles()
    translations: _Translations = _Translations()
    external_ids: _Ids = _Ids()


class _Picture(BaseModel):
    file_path: str | None = None


class _Pictures(BaseModel):
    posters: tuple[_Picture, ...] = ()
    stills: tuple[_Picture, ...] = ()


class _Found(BaseModel):
    id: int


class _FindAnswer(BaseModel):
    tv_results: tuple[_Found, ...] = ()


_DETAILS = TypeAdapter(_Details)
_PICTURES = TypeAdapter(_Pictures)
_FIND = TypeAdapter(_FindAnswer)
_ANYTHING = TypeAdapter(dict[str, object])


class Tmdb:
    """TMDB behind one key. Safe to share between threads.

    `wait` sleeps that many seconds, or less when the service stops. Every method raises
    `TmdbError` when TMDB cannot be asked: it is down, slow, refuses the key, wants a pause, or
    answers something else; after that it is left alone for a while.
    """

    def __init__(
        self,
        api_key: str,
        *,
        language: str,
        requests_per_second: int,
        wait: Callable[[float], None],
        monotonic: Callable[[], float] = time.monotonic,
        transport: httpx.BaseTransport | None = None,
        base_url: str = BASE_URL,
        trust: Trust = SYSTEM,
    ) -> None:
        is_token = len(api_key) > _LONGEST_KEY
        self._language = language
        self._gap_s = 1 / requests_per_second
        self._wait = wait
        self._monotonic = monotonic
        self._lock = Lock()
        self._next_at = 0.0
        self._rests_until = 0.0
        self._client = httpx.Client(
            base_url=base_url,
            transport=transport,
            verify=trust.context_of(httpx.URL(base_url).host),
            timeout=TIMEOUT_S,
            headers={"Authorization": f"Bearer {api_key}"} if is_token else {},
            params={} if is_token else {"api_key": api_key},
        )

    def close(self) -> None:
        """Close the connections."""
        self._client.close()

    def check_key(self) -> None:
        """Return when TMDB takes the key."""
        self._get("authentication", _ANYTHING, {})

    def movie(self, tmdb_id: int) -> TmdbFacts | None:
        """Say what is known of a film; None when TMDB has none of this id."""
        details = self._details(f"movie/{tmdb_id}")
        if details is None:
            return None
        return _facts(details, self._pictures(f"movie/{tmdb_id}/images"))

    def series_id(self, tvdb_id: int) -> int | None:
        """Give the id of the series that TheTVDB knows under this id; None when it has none."""
        said = self._get(f"find/{tvdb_id}", _FIND, {"external_source": "tvdb_id"})
        return said.tv_results[0].id if said is not None and said.tv_results else None

    def series(self, tmdb_id: int) -> TmdbFacts | None:
        """Say what is known of a series; None when TMDB has none of this id."""
        details = self._details(f"tv/{tmdb_id}")
        return None if details is None else _facts(details, self._pictures(f"tv/{tmdb_id}/images"))

    def episode_pictures(self, tmdb_id: int, season: int, episode: int) -> tuple[str, ...]:
        """Give the paths of the posters of a season and of the stills of one of its episodes."""
        of_season = f"tv/{tmdb_id}/season/{season}"
        posters = self._pictures(f"{of_season}/images")
        return (*posters, *self._pictures(f"{of_season}/episode/{episode}/images"))

    def _details(self, path: str) -> _Details | None:
        wishes = {"language": self._language, "append_to_response": _APPENDED}
        return self._get(path, _DETAILS, wishes)

    def _pictures(self, path: str) -> tuple[str, ...]:
        # Without a language: then the pictures of all languages come.
        said = self._get(path, _PICTURES, {}) or _Pictures()
        return tuple(each.file_path for each in (*said.posters, *said.stills) if each.file_path)

    def _get(self, path: str, shape: TypeAdapter[T], params: dict[str, str]) -> T | None:
        """Read one answer; None for what TMDB does not have."""
        self._await_turn()
        try:
            with self._client.stream("GET", path, params=params) as response:
                body = _read(response)
        except (httpx.HTTPError, httpx.InvalidURL) as exc:
            raise self._failed(REST_S, f"it does not answer ({type(exc).__name__})") from exc
        if response.status_code == httpx.codes.NOT_FOUND:
            return None
        self._check(response)
        try:
            return shape.validate_json(body)
        except ValidationError as exc:
            raise self._failed(REST_S, "its answer is not what it documents") from exc

    def _await_turn(self) -> None:
        with self._lock:
            now = self._monotonic()
            if now < self._rests_until:
                raise TmdbError("TMDB is left alone for a while after it failed.")
            turn_at = max(now, self._next_at)
            self._next_at = turn_at + self._gap_s
        if turn_at > now:
            self._wait(turn_at - now)

    def _check(self, response: httpx.Response) -> None:
        status = response.status_code
        if status == httpx.codes.OK:
            return
        if status == httpx.codes.UNAUTHORIZED:
            raise self._failed(
                WRONG_KEY_REST_S, "it refuses the key. Correct STALKEER_TMDB_API_KEY"
            )
        if status == httpx.codes.TOO_MANY_REQUESTS:
            told_s = told_wait_s(response.headers.get("Retry-After", ""))
            rest_s = REST_S if told_s is None else told_s
            raise self._failed(min(rest_s, WRONG_KEY_REST_S), "it wants fewer requests")
        raise self._failed(REST_S, f"it answers with status {status}")

    def _failed(self, rest_s: float, reason: str) -> TmdbError:
        self._rests_until = self._monotonic() + rest_s
        return TmdbError(f"TMDB cannot be asked: {reason}.")


def _read(response: httpx.Response) -> bytes:
    body = bytearray()
    for chunk in response.iter_bytes():
        body += chunk
        if len(body) > MAX_ANSWER_BYTES:
            raise httpx.ReadError("the answer does not end")
    return bytes(body)


def _facts(details: _Details, pictures: Iterable[str]) -> TmdbFacts:
    others = (*details.alternative_titles.titles, *details.alternative_titles.results)
    translated = (each.data for each in details.translations.translations)
    own = (details.title, details.name, details.original_title, details.original_name)
    titles = (*own, *(each.title or each.name for each in (*others, *translated)))
    day = details.release_date or details.first_air_date or ""
    return TmdbFacts(
        tmdb_id=details.id,
        titles=tuple(dict.fromkeys(title for title in titles if title)),
        year=int(day[:4]) if day[:4].isdecimal() else None,
        imdb_id=details.external_ids.imdb_id or None,
        tvdb_id=details.external_ids.tvdb_id or None,
        pictures=tuple(pictures),
    )
