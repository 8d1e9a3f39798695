"""The command that is the download engine alone: `fetch`."""

from __future__ import annotations

import ssl
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from threading import Event, Lock
from typing import TYPE_CHECKING, Annotated, Any

import typer

from stalkeer.cli.options import Json, Verbose
from stalkeer.cli.progress import Line, display
from stalkeer.cli.saying import FAILED, WRONG_USAGE, out_json, say, stop
from stalkeer.cli.showing import as_size, as_time_left
from stalkeer.cli.starting import start_bare
from stalkeer.cli.stopping import on_signals

if TYPE_CHECKING:
    from stalkeer.downloader.http import Progress
    from stalkeer.downloader.terms import EngineRules
    from stalkeer.errors import StalkeerError
    from stalkeer.jobs.fetching import Order, Outcome

DRAW_EVERY_S = 0.25
STALL_TIMEOUT_S = 30.0

Show = Callable[[Sequence[Line]], None]


def fetch(
    url: Annotated[str | None, typer.Argument(metavar="URL", help="The address of a file.")] = None,
    path: Annotated[Path | None, typer.Argument(metavar="OUT", help="The name it gets.")] = None,
    listed: Annotated[
        Path | None, typer.Option("--list", help="A file with lines of address, tab, name.")
    ] = None,
    limit_rate: Annotated[
        str, typer.Option(help="Bytes a second of all files together, such as 10M; 0: no limit.")
    ] = "0",
    parallel: Annotated[int, typer.Option(min=1, help="Files at once.")] = 1,
    cacert: Annotated[Path | None, typer.Option(help="An authority to trust too (PEM).")] = None,
    media: Annotated[bool, typer.Option("--media", help="Refuse what is no video.")] = False,
    as_json: Json = False,
    verbose: Verbose = False,
) -> None:
    """Fetch files completely or not at all; run it again to go on."""
    orders = _orders(url, path, listed)
    rules, trust = _rules(limit_rate), _trust(cacert)
    start_bare()
    # Late, so that a fault in the words above is told at once.
    from random import Random  # noqa: TID251 # chance enters here

    from stalkeer import __version__
    from stalkeer.jobs.fetching import Terms, fetch_all

    stopped = Event()
    on_signals(stopped.set)
    with _drawing() as show:
        terms = Terms(
            rules=rules,
            audience=_Board(show, verbose=verbose),
            user_agent=f"stalkeer/{__version__}",
            rng=Random(),  # noqa: S311 # spreads waits, no secret
            expect_media=media,
            ssl_context=trust,
            stopped=stopped,
        )
        outcomes = fetch_all(orders, terms, parallel=parallel)
    _end(outcomes, as_json=as_json)


def _orders(url: str | None, path: Path | None, listed: Path | None) -> list[Order]:
    """Read what is to be fetched; exit 2 when it cannot be told."""
    from stalkeer.jobs.fetching import Order

    if listed is None and url is not None and path is not None:
        return [Order(url, path)]
    if listed is None or url is not None:
        stop(WRONG_USAGE, "Give an address and a name, or --list FILE.")
    try:
        lines = listed.read_text("utf-8").splitlines()
    except (OSError, UnicodeError) as exc:
        stop(WRONG_USAGE, f"{listed} cannot be read: {getattr(exc, 'strerror', 'no UTF-8')}.")
    return _read_orders(lines, listed)


def _read_orders(lines: Sequence[str], listed: Path) -> list[Order]:
    from stalkeer.jobs.fetching import Order

    orders: dict[Path, Order] = {}
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        url, _, name = (part.strip() for part in line.partition("\t"))
        # Without the line itself: there is a password in its address.
        if not url or not name:
            stop(WRONG_USAGE, f"{listed}, line {number}: should be an address, a tab and a name.")
        order = Order(url, Path(name))
        if orders.setdefault(order.path.absolute(), order) is not order:
            stop(WRONG_USAGE, f"{listed}, line {number}: {name} stands there twice.")
    return list(orders.values())


def _rules(limit_rate: str) -> EngineRules:
    from stalkeer.downloader.limiter import TokenBucket
    from stalkeer.downloader.terms import EngineRules

    return EngineRules(
        read_step_s=0.5,
        stall_timeout_s=STALL_TIMEOUT_S,
        limiter=TokenBucket(_rate(limit_rate)),
    )


def _rate(text: str) -> int:
    if text == "0":
        return 0
    # Only then: reading it takes as long as everything else of the start.
    from stalkeer.settings import parse_size

    try:
        return parse_size(text)
    except ValueError as exc:
        stop(WRONG_USAGE, f"--limit-rate {exc}")


def _trust(cacert: Path | None) -> ssl.SSLContext | None:
    if cacert is None:
        return None
    from stalkeer.outgoing.trust import new_trust

    context = new_trust()
    try:
        context.load_verify_locations(cacert)
    except OSError as exc:
        stop(WRONG_USAGE, f"--cacert {cacert} is no certificate: {exc.strerror or exc}.")
    return context


@contextmanager
def _drawing() -> Iterator[Show]:
    """Draw moving lines for a person; elsewhere nothing moves."""
    if not sys.stderr.isatty():
        yield lambda _: None
        return
    with display() as shown:
        yield shown.show


class _Board:
    """Draws the files that are being fetched, and says one line of each that ended."""

    def __init__(self, show: Show, *, verbose: bool) -> None:
        self._show = show
        self._verbose = verbose
        self._lines: dict[Path, Line] = {}
        self._drawn_at = 0.0
        self._lock = Lock()

    def begins(self, order: Order, held_bytes: int) -> None:
        from stalkeer.downloader.exchange import parse_url

        # The host and nothing else of the address: the rest is a name and a password.
        words = f"asks {parse_url(order.url).host} for what is missing"
        self._put(order, Line(title=str(order.path), words=words), at_once=True)
        if self._verbose:
            say(f"{order.path}: {words}, {as_size(held_bytes)} are here.")

    def moved(self, order: Order, progress: Progress) -> None:
        total, speed = progress.total_bytes, progress.speed_bytes_s
        line = Line(
            title=str(order.path),
            words=f"{as_size(progress.bytes_done)} of {as_size(total)}",
            percent=100 * progress.bytes_done / total if total else None,
            rate=speed,
            left_s=(total - progress.bytes_done) / speed if total and speed else None,
        )
        self._put(order, line, at_once=False)

    def waits(self, order: Order, error: StalkeerError, wait_s: float) -> None:
        self._put(order, None, at_once=True)
        say(f"{order.path}: {error} Next try in {as_time_left(wait_s)}.")

    def ended(self, outcome: Outcome) -> None:
        self._put(outcome.order, None, at_once=True)
        say(f"{outcome.order.path}: {_sentence(outcome)}")

    def _put(self, order: Order, line: Line | None, *, at_once: bool) -> None:
        with self._lock:
            if line is None:
                self._lines.pop(order.path, None)
            else:
                self._lines[order.path] = line
            now = time.monotonic()
            if at_once or now - self._drawn_at >= DRAW_EVERY_S:
                self._drawn_at = now
                self._show(list(self._lines.values()))


def _sentence(outcome: Outcome) -> str:
    size = as_size(outcome.size_bytes)
    if outcome.error is not None:
        return f"not complete. {outcome.error}"
    if outcome.status != "complete":
        return f"stopped at {size}."
    if outcome.was_there:
        return f"complete already, {size}."
    said = f"complete, {size} in {outcome.seconds:.1f} s"
    return f"{said}." if outcome.is_length_verified else f"{said}; nothing said how long it is."


def _end(outcomes: Sequence[Outcome], *, as_json: bool) -> None:
    """Print the report; exit 1 and say how to go on unless every file is complete."""
    if as_json:
        out_json({"files": [_row(outcome) for outcome in outcomes]})
    missing = [each for each in outcomes if each.status != "complete"]
    if not missing:
        return
    if len(outcomes) > 1:
        names = ", ".join(str(each.order.path) for each in missing)
        say(f"{len(missing)} of {len(outcomes)} files are not complete: {names}.")
    if any(each.error is None or each.error.retryable for each in missing):
        say("Run the same command again: it goes on where it was.")
    raise typer.Exit(FAILED)


def _row(outcome: Outcome) -> dict[str, Any]:
    error = outcome.error
    return {
        "file": str(outcome.order.path),
        "status": outcome.status,
        "bytes": outcome.size_bytes,
        "seconds": round(outcome.seconds, 3),
        "length_verified": outcome.is_length_verified,
        "error": error and {"code": error.code, "message": str(error)},
    }
