"""Everything a media server may answer, one row each: what is fetched, kept and tried again.

The number is the row of the case table that the engine was designed by. Where a download was
begun before, `HELD` bytes of the film are on disk.
"""

from __future__ import annotations

import gzip
from dataclasses import dataclass

import pytest

from stalkeer.downloader.errors import (
    LinkForbiddenError,
    LinkGoneError,
    NotMediaError,
    ProviderBusyError,
    ProviderDownError,
    TransferCutError,
    WrongFileError,
)
from stalkeer.downloader.http import EngineRules
from stalkeer.downloader.resume import OVERLAP_BYTES, ResumeState
from stalkeer.errors import StalkeerError
from tests.downloader.conftest import HASTY, RULES, Bench
from tests.standins.media import Film, MediaServer, Reply, redirect

SIZE = 3 * 1024 * 1024
HELD = 1_258_291
FROM = HELD - OVERLAP_BYTES
FILM = Film(SIZE)
OTHER = Film(SIZE, seed=2, etag='"v2"')
UNMARKED = Film(SIZE, etag=None, last_modified=None)
PATH = "/movie/joe/secret/1.mkv"
PAGE = b"<html>Too many connections for joe</html>"
BUSY_PAGE = Reply(body=PAGE)
GZIP = Reply(body=gzip.compress(PAGE), headers={"Content-Encoding": "gzip"})
SHORT_OF_500 = Reply(length=SIZE + 500, cut_after=SIZE)
WHOLE = None


@dataclass(frozen=True, kw_only=True)
class Case:
    """Replies in turn (the last for ever), and what must come of them.

    `asked` are the first bytes of the requests, None being a request for everything. Either all
    of the film is there in the end, or the `error` is raised and `kept` bytes of the part stay
    (None: whatever came).
    """

    replies: list[Reply]
    asked: list[int | None]
    held: int = 0
    error: type[StalkeerError] | None = None
    kept: int | None = 0
    film: Film = FILM
    fetched: Film | None = None
    is_verified: bool = True
    state: ResumeState | None = None
    rules: EngineRules = RULES


KNOWN = ResumeState(
    total_bytes=SIZE, etag='"v1"', last_modified=FILM.last_modified, origin="127.0.0.1"
)
GOOD = Reply()


def resumed(*replies: Reply, asked: list[int | None], **more: object) -> Case:
    return Case(replies=list(replies), asked=asked, held=HELD, state=KNOWN, **more)  # type: ignore[arg-type]


CASES = {
    "00-whole": Case(replies=[GOOD], asked=[WHOLE]),
    "00-resume": resumed(GOOD, asked=[FROM]),
    "00-resume-without-any-state": Case(replies=[GOOD], asked=[FROM], held=HELD),
    "00-resume-of-a-few-bytes": Case(replies=[GOOD], asked=[WHOLE], held=100, state=KNOWN),
    "04-closed-before-headers": Case(replies=[Reply(raw=b""), GOOD], asked=[WHOLE, WHOLE]),
    "04-garbage": Case(replies=[Reply(raw=b"\x00\x01 garbage\r\n\r\n"), GOOD], asked=[WHOLE] * 2),
    "04-garbage-for-ever": Case(
        replies=[Reply(raw=b"SSH-2.0-x\r\n")], asked=[WHOLE] * 6, error=TransferCutError
    ),
    "05-cut": Case(replies=[Reply(cut_after=HELD), GOOD], asked=[WHOLE, FROM]),
    "05-stall": Case(replies=[Reply(stall_after=HELD), GOOD], asked=[WHOLE, FROM], rules=HASTY),
    "05-cut-in-the-resumed-part": resumed(
        Reply(cut_after=200_000), GOOD, asked=[FROM, FROM + 200_000 - OVERLAP_BYTES]
    ),
    "05-chunked-cut": Case(
        replies=[Reply(framing="chunked", cut_after=HELD), GOOD], asked=[WHOLE, FROM]
    ),
    "05-cut-for-ever": resumed(
        Reply(cut_after=1000), asked=[FROM] * 6, error=TransferCutError, kept=HELD
    ),
    "06-too-slow": Case(
        replies=[Reply(bytes_s=2000)],
        asked=[WHOLE] * 2,
        error=TransferCutError,
        kept=None,
        rules=HASTY,
    ),
    "07-total-not-said": resumed(Reply(total="*"), asked=[FROM]),
    "08-starts-earlier": resumed(Reply(honest_shift=-100), asked=[FROM]),
    "09-starts-later": resumed(Reply(honest_shift=OVERLAP_BYTES + 1), asked=[FROM, FROM, WHOLE]),
    "09-starts-later-once": resumed(Reply(honest_shift=OVERLAP_BYTES), GOOD, asked=[FROM, FROM]),
    "09-no-content-range": resumed(
        Reply(headers={"Content-Range": None}), asked=[FROM, FROM, WHOLE]
    ),
    "09-length-and-range-differ": resumed(Reply(length=17), GOOD, asked=[FROM, FROM]),
    "09-a-range-nobody-asked-for": Case(
        replies=[Reply(status=206)], asked=[WHOLE] * 6, error=TransferCutError
    ),
    "10-other-total": resumed(
        GOOD, film=Film(SIZE + 5000, etag='"v1"'), fetched=Film(SIZE + 5000), asked=[FROM, WHOLE]
    ),
    "10-other-etag-in-spite-of-if-range": resumed(
        Reply(ignore_if_range=True), film=OTHER, fetched=OTHER, asked=[FROM, WHOLE]
    ),
    "11-shorter-than-asked": resumed(
        Reply(at_most=1_000_000),
        asked=[FROM, FROM + 1_000_000 - OVERLAP_BYTES, FROM + 2_000_000 - 2 * OVERLAP_BYTES],
    ),
    "11-ranges-that-bring-nothing-new": resumed(Reply(at_most=1000), asked=[FROM, FROM, WHOLE]),
    "10-another-total-in-every-answer": resumed(
        Reply(from_zero=True, honest_shift=-FROM, total=str(SIZE + 1)),
        Reply(status=206, headers={"Content-Range": f"bytes 0-{SIZE - 1}/{SIZE + 1}"}),
        asked=[FROM, *[WHOLE] * 20],
        error=WrongFileError,
        kept=HELD,
    ),
    "11-ranges-of-a-few-new-bytes": resumed(
        Reply(at_most=OVERLAP_BYTES + 1),
        asked=[FROM + new for new in range(21)],
        error=WrongFileError,
        kept=HELD + 21,
    ),
    "12-range-ignored": Case(
        replies=[Reply(ignore_range=True)], film=UNMARKED, asked=[FROM], held=HELD
    ),
    "12-changed-same-size": resumed(GOOD, film=OTHER, fetched=OTHER, asked=[FROM]),
    "12-changed-larger": resumed(
        GOOD,
        film=Film(SIZE + 9, seed=2, etag='"v2"'),
        fetched=Film(SIZE + 9, seed=2),
        asked=[FROM],
    ),
    "12-changed-smaller-than-what-we-have": resumed(
        GOOD,
        film=Film(900_000, seed=2, etag='"v2"'),
        fetched=Film(900_000, seed=2),
        asked=[FROM],
    ),
    "12-now-the-first-part-of-what-we-have": resumed(
        GOOD, film=Film(900_000, etag='"v2"'), fetched=Film(900_000), asked=[FROM]
    ),
    "12-another-etag-for-each-answer": resumed(
        Reply(film=Film(SIZE, etag='"t1"'), cut_after=2_000_000),
        Reply(film=Film(SIZE, etag='"t2"')),
        asked=[FROM, 2_000_000 - OVERLAP_BYTES],
    ),
    "13-if-range-ignored": resumed(Reply(ignore_range=True), GOOD, asked=[FROM, FROM]),
    "13-ranges-ignored-altogether": resumed(Reply(ignore_range=True), asked=[FROM, FROM]),
    "14-200-with-content-range": resumed(Reply(status=200), asked=[FROM]),
    "15-bytes-from-zero-under-a-right-header": resumed(Reply(from_zero=True), asked=[FROM, WHOLE]),
    "15-bytes-shifted": resumed(Reply(shift=16), asked=[FROM, WHOLE]),
    "15-changed-under-the-same-marks": resumed(
        GOOD, film=Film(SIZE, seed=2), fetched=Film(SIZE, seed=2), asked=[FROM, WHOLE]
    ),
    "16-416-at-our-end": Case(
        replies=[Reply(status=416, body=b"", headers={"Content-Range": f"bytes */{SIZE}"})],
        asked=[SIZE - OVERLAP_BYTES],
        held=SIZE,
    ),
    "17-416-with-another-total": resumed(
        Reply(status=416, body=b"", headers={"Content-Range": "bytes */5"}),
        GOOD,
        asked=[FROM, WHOLE],
    ),
    "18-416-to-every-range": resumed(Reply(status=416, body=b""), GOOD, asked=[FROM, WHOLE]),
    "18-416-to-everything": resumed(
        Reply(status=416, body=b""), asked=[FROM, *[WHOLE] * 6], error=TransferCutError, kept=HELD
    ),
    "19-gzip-is-a-lie": Case(replies=[Reply(headers={"Content-Encoding": "gzip"})], asked=[WHOLE]),
    "19-gzip-in-truth": Case(replies=[GZIP], asked=[WHOLE] * 3, error=NotMediaError),
    "19-gzip-on-resume": resumed(GZIP, asked=[FROM] * 3, error=TransferCutError, kept=HELD),
    "19-gzip-range": resumed(
        Reply(headers={"Content-Encoding": "gzip"}), asked=[FROM, FROM, WHOLE]
    ),
    "19-odd-encoding": Case(
        replies=[Reply(headers={"Content-Encoding": "br"}, film=Film(SIZE, head=b""))],
        asked=[WHOLE] * 3,
        error=NotMediaError,
    ),
    "20-chunked": Case(replies=[Reply(framing="chunked")], asked=[WHOLE]),
    "20-close-verified-by-a-probe": Case(
        replies=[Reply(framing="close"), GOOD], asked=[WHOLE, SIZE - OVERLAP_BYTES]
    ),
    "20-close-verified-by-416": Case(
        replies=[
            Reply(framing="close"),
            Reply(status=416, body=b"", headers={"Content-Range": f"bytes */{SIZE}"}),
        ],
        asked=[WHOLE, SIZE - OVERLAP_BYTES],
    ),
    "20-close-was-a-cut": Case(
        replies=[Reply(framing="close", cut_after=HELD), GOOD], asked=[WHOLE, FROM]
    ),
    "20-close-and-nobody-knows": Case(
        replies=[Reply(framing="close"), Reply(framing="close", ignore_range=True)],
        asked=[WHOLE, SIZE - OVERLAP_BYTES],
        is_verified=False,
    ),
    "20-close-and-the-link-was-for-once": Case(
        replies=[Reply(framing="close"), Reply(status=404, body=b"")],
        asked=[WHOLE, SIZE - OVERLAP_BYTES],
        is_verified=False,
    ),
    "20-close-and-ranges-are-broken": Case(
        replies=[Reply(framing="close"), Reply(headers={"Content-Range": None})],
        asked=[WHOLE, SIZE - OVERLAP_BYTES],
        is_verified=False,
    ),
    "20-total-never-said": Case(
        replies=[Reply(framing="close", total="*", cut_after=HELD), Reply(total="*")],
        asked=[WHOLE, FROM, SIZE - OVERLAP_BYTES],
    ),
    "21-empty": Case(replies=[Reply(body=b"")], asked=[WHOLE] * 3, error=NotMediaError),
    "21-empty-once": Case(replies=[Reply(body=b""), GOOD], asked=[WHOLE] * 2),
    "21-empty-chunked": Case(
        replies=[Reply(framing="chunked", film=Film(0))], asked=[WHOLE] * 3, error=NotMediaError
    ),
    "21-empty-on-resume": resumed(
        Reply(body=b""), asked=[FROM] * 3, error=TransferCutError, kept=HELD
    ),
    "22-page": Case(replies=[BUSY_PAGE], asked=[WHOLE] * 3, error=NotMediaError),
    "22-page-twice": Case(replies=[BUSY_PAGE, BUSY_PAGE, GOOD], asked=[WHOLE] * 3),
    "22-page-on-resume": resumed(BUSY_PAGE, asked=[FROM] * 3, error=TransferCutError, kept=HELD),
    "22-no-container": Case(
        replies=[GOOD], film=Film(SIZE, head=b""), asked=[WHOLE] * 3, error=NotMediaError
    ),
    "23-playlist": Case(
        replies=[Reply(body=b"#EXTM3U\n#EXT-X-VERSION:3")], asked=[WHOLE], error=NotMediaError
    ),
    "25-redirect-without-address": Case(
        replies=[Reply(status=302, body=b"")], asked=[WHOLE] * 3, error=LinkGoneError
    ),
    "25-redirect-to-nonsense": Case(
        replies=[redirect("http://h:port/")], asked=[WHOLE] * 3, error=LinkGoneError
    ),
    "25-redirect-to-no-host": Case(
        replies=[redirect("http://xn--/")], asked=[WHOLE] * 3, error=LinkGoneError
    ),
    "25-redirect-loop": Case(replies=[redirect(PATH)], asked=[WHOLE] * 33, error=LinkGoneError),
    "26-401": Case(replies=[Reply(status=401, body=b"")], asked=[WHOLE], error=LinkForbiddenError),
    "27-403": resumed(
        Reply(status=403, body=b""), asked=[FROM], error=ProviderBusyError, kept=HELD
    ),
    "28-404": resumed(Reply(status=404, body=b""), asked=[FROM], error=LinkGoneError, kept=HELD),
    "29-502-twice": Case(
        replies=[Reply(status=502, body=b""), Reply(status=522, body=b""), GOOD], asked=[WHOLE] * 3
    ),
    "29-500-for-ever": Case(
        replies=[Reply(status=500, body=PAGE)], asked=[WHOLE] * 6, error=ProviderDownError
    ),
    "30-429": resumed(
        Reply(status=429, body=b"", headers={"Retry-After": "90"}),
        asked=[FROM],
        error=ProviderBusyError,
        kept=HELD,
    ),
    "30-503-short-wait": Case(
        replies=[Reply(status=503, body=b"", headers={"Retry-After": "2"}), GOOD],
        asked=[WHOLE] * 2,
    ),
    "31-458": Case(replies=[Reply(status=458, body=b"")], asked=[WHOLE], error=ProviderBusyError),
    "32-503-to-ranges-only": resumed(
        *[Reply(status=503, body=b"")] * 3, GOOD, asked=[FROM, FROM, FROM, WHOLE]
    ),
    "34-more-than-announced": Case(
        replies=[Reply(headers={"Content-Length": str(SIZE)})],
        film=Film(SIZE + 77),
        fetched=FILM,
        asked=[WHOLE],
    ),
    "36-less-than-announced": Case(
        replies=[SHORT_OF_500, GOOD], asked=[WHOLE, SIZE - OVERLAP_BYTES]
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_answer(name: str, bench: Bench, media: MediaServer) -> None:
    case = CASES[name]
    bench.rules = case.rules
    if case.held:
        bench.part.write_bytes(FILM.read(0, case.held))
    url = media.put(PATH, case.film, *case.replies)

    if case.error is None:
        fetched = bench.fetch(url, resume=case.state)

        assert bench.part.read_bytes() == (case.fetched or case.film).read()
        assert fetched.length_verified == case.is_verified
        assert fetched.size_bytes == bench.part.stat().st_size
    else:
        with pytest.raises(case.error) as raised:
            bench.fetch(url, resume=case.state)

        kept = bench.part.read_bytes()
        assert kept == FILM.read(0, len(kept) if case.kept is None else case.kept)
        assert "secret" not in str(raised.value)
        assert PATH not in str(raised.value)

    assert _asked(media) == case.asked


def _asked(media: MediaServer) -> list[int | None]:
    assert {seen.method for seen in media.requests()} == {"GET"}
    ranges = [seen.range for seen in media.requests()]
    return [None if text is None else int(text[len("bytes=") : -1]) for text in ranges]
