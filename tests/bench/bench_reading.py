"""Measure reading a playlist and its names, in turns, and check what was read against labels.

    python -m tests.bench.bench_reading PLAYLIST [LABELS] [--rounds 5] [--names 2000]

PLAYLIST is any M3U file. LABELS is one JSON object a line, in the order of the lines with an
address, with what should be read of each: `raw` (its name), `group` and `kind` (movie, episode,
live, other). A generator of test lists writes both; a real list is measured without labels.

A round takes turns, and the best of each is compared: a bare loop over the lines of the file, the
lines of its entries, the entries, and the two steps an import takes for new entries; then, for a
clean copy of the list, m3u-ipytv; then names, against PTT. All are CPU seconds of this process.
Not collected by pytest.
"""

from __future__ import annotations

import argparse
import gc
import itertools
import json
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from ipytv import playlist as ipytv
from PTT import parse_title

from stalkeer.core.m3u import RawEntry, entry_of, read_entries, read_lines
from stalkeer.core.titles import ParsedName, entry_keys, parse_name, url_kind

_CHUNK_BYTES = 256 * 1024
_RUN = 100
_CONTENT_TYPES = {
    "movie": "movie", "episode": "tvshow", "live": "channel", "other": "uncategorized"
}  # fmt: skip


def chunks(path: Path) -> Iterator[bytes]:
    """Give the file as an import reads it."""
    with path.open("rb") as file:
        yield from iter(lambda: file.read(_CHUNK_BYTES), b"")


def count_lines(path: Path) -> int:
    """Read the lines and do nothing with them: the limit for anything written in Python."""
    lines = 0
    with path.open("rb") as file:
        for _ in file:
            lines += 1
    return lines


def exhaust(things: Iterable[object]) -> None:
    """Take all and keep none."""
    for _ in things:
        pass


def parsed(entry: RawEntry, kind: str | None) -> ParsedName:
    """Read the name of an entry as an import does."""
    return parse_name(entry.name, group=entry.group, url_kind=kind, tvg_type=entry.tvg_type)


def write_clean(entries: Iterable[RawEntry], path: Path) -> None:
    """Write a list again without its faults, for a reader that takes no others."""
    with path.open("w", encoding="utf-8") as file:
        file.write("#EXTM3U\n")
        for entry in entries:
            group, name = entry.group.replace('"', ""), entry.name.replace('"', "")
            logo = entry.logo.replace('"', "")
            said = f'tvg-id="" tvg-name="{name}" tvg-logo="{logo}" group-title="{group}"'
            file.write(f"#EXTINF:-1 {said},{entry.name}\n{entry.url}\n")


def in_turns(actions: dict[str, Callable[[], object]], rounds: int) -> dict[str, float]:
    """Give the least CPU seconds of each action; they take turns, A B A B."""
    best = dict.fromkeys(actions, float("inf"))
    for _ in range(rounds):
        for name, action in actions.items():
            gc.collect()
            started = time.process_time()
            action()
            best[name] = min(best[name], time.process_time() - started)
    return best


def show(title: str, costs: dict[str, float]) -> None:
    """Print CPU seconds, and how many times the first of them each is."""
    sys.stdout.write(f"{title}\n")
    unit = next(iter(costs.values()))
    for name, seconds in costs.items():
        sys.stdout.write(f"  {name:<34} {seconds:9.4f} s  {seconds / unit:8.2f} x\n")


def measure_lists(path: Path, rounds: int) -> None:
    """Compare the readers on the list as it is, and on a clean copy of it."""
    reading: dict[str, Callable[[], object]] = {
        "bare line loop": lambda: count_lines(path),
        "read_lines": lambda: exhaust(read_lines(chunks(path))),
        "read_entries": lambda: exhaust(read_entries(chunks(path))),
        "read_lines and entry_of": lambda: exhaust(map(entry_of, read_lines(chunks(path)))),
    }
    show("the list as it is", in_turns(reading, rounds))
    with tempfile.TemporaryDirectory() as folder:
        clean = Path(folder) / "clean.m3u"
        write_clean(read_entries(chunks(path)), clean)
        both: dict[str, Callable[[], object]] = {
            "bare line loop": lambda: count_lines(clean),
            "read_entries": lambda: exhaust(read_entries(chunks(clean))),
            "m3u-ipytv": lambda: ipytv.loadf(str(clean)),
        }
        show("a clean copy of it", in_turns(both, min(rounds, 3)))


def measure_names(path: Path, count: int, rounds: int) -> None:
    """Compare cleaning, reading and keying names with PTT, which reads the name alone.

    Names are taken in runs of a hundred from all over the list, since what stands together there
    is alike and that is made use of.
    """
    entries = [entry for entry in read_entries(chunks(path)) if entry.name]
    step = max(_RUN, len(entries) * _RUN // count)
    some = [entry for at in range(0, len(entries), step) for entry in entries[at : at + _RUN]]
    kinds = [url_kind(entry.url) for entry in some]
    both: dict[str, Callable[[], object]] = {
        "parse_name and entry_keys": lambda: [
            entry_keys(parsed(entry, kind)) for entry, kind in zip(some, kinds, strict=True)
        ],
        "PTT": lambda: [parse_title(entry.name) for entry in some],
    }
    show(f"{len(some)} names of it", in_turns(both, min(rounds, 3)))


def check(path: Path, labels: Path) -> None:
    """Print how many ordinals, names, groups and kinds are those of the labels."""
    wrong: Counter[str] = Counter()
    read = wanted = 0
    with labels.open(encoding="utf-8") as file:
        entries = read_entries(chunks(path))
        for entry, line in itertools.zip_longest(entries, file):
            read, wanted = read + (entry is not None), wanted + (line is not None)
            if entry is not None and line is not None:
                label = json.loads(line)
                wrong["ordinal"] += entry.index != wanted - 1
                wrong["name"] += entry.name != (label["raw"] or "")
                wrong["group"] += entry.group != (label["group"] or "")
                kind = parsed(entry, url_kind(entry.url)).content_type
                wrong["kind"] += kind != _CONTENT_TYPES[label["kind"]]
    sys.stdout.write(f"read right: {read} entries of {wanted}\n")
    for what in ("ordinal", "name", "group", "kind"):
        right = 100 * (1 - wrong[what] / wanted)
        sys.stdout.write(f"  {what:<8} {right:8.3f} %  ({wrong[what]} wrong)\n")


def main() -> None:
    """Run the measurements that were asked for."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("playlist", type=Path)
    parser.add_argument("labels", type=Path, nargs="?")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--names", type=int, default=2000)
    given = parser.parse_args()
    if given.labels is not None:
        check(given.playlist, given.labels)
    measure_lists(given.playlist, given.rounds)
    measure_names(given.playlist, given.names, given.rounds)


if __name__ == "__main__":
    main()
