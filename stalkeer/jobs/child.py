"""Reads a list in a process of its own, whose memory returns and which holds nobody up.

The order goes in over its standard input, so that no secret stands where other users look, and
what it says comes back over its standard output. It ends when we end, however we do: then its
input is at its end. It is told to stop by being killed: each of its transactions is whole.
"""

from __future__ import annotations

import pickle
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from queue import Empty, Queue
from typing import Any, ClassVar

from stalkeer.errors import StalkeerError
from stalkeer.jobs.dryrun import DryRun
from stalkeer.jobs.intake import Intake
from stalkeer.jobs.reading import Summary
from stalkeer.playlist.terms import Source, SourceInfo, SourceRules

_LOOK_EVERY_S = 0.2
_END_S = 5.0


class ImportCrashedError(StalkeerError):
    """The process that read a list ended and did not say why."""

    code: ClassVar[str] = "import_crashed"
    retryable: ClassVar[bool] = True


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportOrder:
    """All that the process has to know. `keys` open what is sealed in the database.

    `etag` and `last_modified` are those of the last import, and None when the list is to be read
    in any case. Of a panel, series with a key in `wanted` are asked for first.
    """

    database_url: str = field(repr=False)
    keys: tuple[str, ...] = field(repr=False)
    intake: Intake
    source: Source
    rules: SourceRules
    etag: str | None = None
    last_modified: str | None = None
    wanted: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class CountOrder:
    """All that the process has to know to count a list and write nothing.

    `memory_bytes` is what it may hold of its own.
    """

    task: DryRun
    rules: SourceRules
    memory_bytes: int


@dataclass(frozen=True, slots=True)
class Imported:
    """What came of an import; no summary when the list has not changed."""

    summary: Summary | None
    info: SourceInfo


@dataclass(frozen=True, slots=True)
class Counted:
    """What came of counting a list."""

    summary: Summary


def run_import(
    order: ImportOrder, *, tell: Callable[[Summary], None], look: Callable[[], None]
) -> Imported:
    """Import a list in a new process, and wait for it.

    `tell` is called with its figures several times a second, `look` as often whether it says
    something or not; what they raise stops it. Raises what stopped the import, a `PlaylistError`
    for example, and `ImportCrashedError`.
    """
    imported: Imported = _carried_out(order, tell, look)
    return imported


def run_count(order: CountOrder, *, look: Callable[[], None]) -> Summary:
    """Count a list in a new process, and wait for it; `look` and what is raised as of an import."""
    counted: Counted = _carried_out(order, lambda _: None, look)
    return counted.summary


def _carried_out(
    order: ImportOrder | CountOrder, tell: Callable[[Summary], None], look: Callable[[], None]
) -> Any:
    """Return the last word of the process; an error is raised."""
    said: Queue[Any] = Queue()
    with _process(said) as process:
        _send(process, order)
        while True:
            look()
            with suppress(Empty):
                word = said.get(timeout=_LOOK_EVERY_S)
                if isinstance(word, Imported | Counted):
                    return word
                _hear(process, word, tell)


@contextmanager
def _process(said: Queue[Any]) -> Iterator[subprocess.Popen[bytes]]:
    # A new interpreter: a copy of one that has threads may hold locks that nobody lets go.
    command = [sys.executable, "-P", "-m", "stalkeer.jobs.import_process"]
    with subprocess.Popen(  # noqa: S603 # nothing of it comes from outside
        command,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        # Ctrl-C is for us: we end it.
        start_new_session=True,
    ) as process:
        listener = threading.Thread(target=_listen, args=(process, said), daemon=True)
        listener.start()
        try:
            yield process
        finally:
            process.kill()
            listener.join()


def _listen(process: subprocess.Popen[bytes], said: Queue[Any]) -> None:
    assert process.stdout is not None  # noqa: S101 # it is a pipe
    with suppress(EOFError, pickle.UnpicklingError):
        while True:
            said.put(pickle.load(process.stdout))  # noqa: S301 # only our own process writes there
    said.put(None)


def _hear(process: subprocess.Popen[bytes], word: Any, tell: Callable[[Summary], None]) -> None:
    if isinstance(word, Summary):
        tell(word)
    elif isinstance(word, StalkeerError):
        raise word
    else:
        raise _crashed(process)


def _send(process: subprocess.Popen[bytes], order: ImportOrder | CountOrder) -> None:
    assert process.stdin is not None  # noqa: S101 # it is a pipe
    try:
        pickle.dump(order, process.stdin)
        process.stdin.flush()
    except BrokenPipeError:
        raise _crashed(process) from None


def _crashed(process: subprocess.Popen[bytes]) -> ImportCrashedError:
    code = process.wait(_END_S)
    return ImportCrashedError(
        f"The process that reads the playlist ended (code {code}) and did not say why. Look at "
        f"the log of that time; was the machine out of memory?"
    )
