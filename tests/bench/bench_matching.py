"""Measure matching by keys against fuzzy search, and one search in the database.

    python -m tests.bench.bench_matching [--entries 1000000] [--wanted 2000] [--rounds 3]

Figures are CPU seconds of this process. `keys` looks up and ranks every wanted item over an index
in memory; `fuzzy` is rapidfuzz's `extractOne` over the same names, for a few items, scaled up.
`search` is what a search asks of SQLite and decides, for 1,000 missing items in a row. In turns
A B A B; read the ratios. Not collected by pytest.
"""

from __future__ import annotations

import argparse
import itertools
import random
import sqlite3
import statistics
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path

from rapidfuzz import fuzz, process

from stalkeer.core.entries import key_digest
from stalkeer.core.items import ItemKind, Movie, Wanted
from stalkeer.core.matching import (
    Candidate,
    Library,
    MatchRules,
    library_of_movies,
    lookup_keys,
    rank,
)
from stalkeer.core.titles import parse_name, title_key
from stalkeer.db.connect import Database
from stalkeer.db.store import Store

WORDS = [
    "amber",
    "anchor",
    "autumn",
    "barrel",
    "beacon",
    "bitter",
    "blossom",
    "border",
    "breeze",
    "bronze",
    "candle",
    "canyon",
    "carbon",
    "castle",
    "cedar",
    "chapel",
    "cipher",
    "cobalt",
    "comet",
    "copper",
    "coral",
    "crimson",
    "crystal",
    "dagger",
    "dawn",
    "desert",
    "diamond",
    "dragon",
    "dune",
    "echo",
    "ember",
    "empire",
    "falcon",
    "fever",
    "flame",
    "forest",
    "fortune",
    "frost",
    "garden",
    "ghost",
    "glass",
    "golden",
    "gravity",
    "harbor",
    "harvest",
    "hollow",
    "horizon",
    "hunter",
    "iron",
    "island",
    "ivory",
    "jade",
    "journey",
    "jungle",
    "kingdom",
    "lantern",
    "legend",
    "letter",
    "lion",
    "lunar",
    "marble",
    "meadow",
    "mercury",
    "midnight",
    "mirror",
    "monsoon",
    "morning",
    "mountain",
    "needle",
    "night",
    "ocean",
    "onyx",
    "orchard",
    "origin",
    "painter",
    "paper",
    "pearl",
    "phantom",
    "pilgrim",
    "prairie",
    "prophet",
    "quartz",
    "quiet",
    "rain",
    "raven",
    "red",
    "ribbon",
    "river",
    "royal",
    "sable",
    "sapphire",
    "savage",
    "scarlet",
    "secret",
    "shadow",
    "silent",
    "silver",
    "sky",
    "smoke",
    "snow",
    "solstice",
    "sparrow",
    "spring",
    "star",
    "stone",
    "storm",
    "summer",
    "sunset",
    "sword",
    "temple",
    "thunder",
    "tiger",
    "timber",
    "tower",
    "traveler",
    "tundra",
    "twilight",
    "valley",
    "velvet",
    "violet",
    "voyage",
    "water",
    "whisper",
    "wild",
    "willow",
    "winter",
    "wolf",
]
STYLES = (
    "{t} ({y})",
    "EN - {t} ({y})",
    "|FR| {t} {y} FHD",
    "{t} ({y}) [4K]",
    "{t}",
    "4K-DE - {t} ({y})",
)
FUZZY = 5
IN_A_ROW = 1000


def titles(count: int) -> list[tuple[str, int]]:
    """Make so many different titles with years."""
    rng = random.Random(7)  # the same list each time
    names = (" ".join(words).title() for words in itertools.permutations(WORDS, 3))
    step = max(1, len(WORDS) ** 3 // count // 2)
    picked = itertools.islice(names, 0, None, step)
    return [(name, rng.randint(1950, 2024)) for name in itertools.islice(picked, count)]


def named(films: Sequence[tuple[str, int]]) -> Iterator[str]:
    """Write the titles as lists do, each in another style."""
    for (title, year), style in zip(films, itertools.cycle(STYLES), strict=False):
        yield style.format(t=title, y=year)


def wishes(films: Sequence[tuple[str, int]], count: int) -> list[Wanted]:
    """Want some of the films, and as many that are not in the list."""
    rng = random.Random(11)  # the same wishes each time
    there = rng.sample(films, count // 2)
    absent = [(f"{title} Returns", year) for title, year in rng.sample(films, count - count // 2)]
    return [
        Wanted(kind=ItemKind.MOVIE, arr_id=number, title=title, year=year)
        for number, (title, year) in enumerate((*there, *absent), 1)
    ]


def by_keys(index: dict[str, list[Candidate]], wanted: Iterable[Wanted], library: Library) -> int:
    """Match by keys; return how many were taken."""
    taken = 0
    for item in wanted:
        entries = [entry for key in lookup_keys(item) for entry in index.get(key, ())]
        taken += bool(rank(item, entries, library=library, rules=MatchRules()).taken)
    return taken


def fuzzy(names: Sequence[str], wanted: Sequence[Wanted]) -> float:
    """Search a few items as a fuzzy matcher does; return the CPU seconds for all of them."""
    some = wanted[:FUZZY]
    spent = cpu_s(
        lambda: [
            process.extractOne(f"{item.title} {item.year}", names, scorer=fuzz.token_sort_ratio)
            for item in some
        ]
    )
    return spent / len(some) * len(wanted)


def cpu_s(work: Callable[[], object]) -> float:
    """Say how many CPU seconds something takes."""
    before = time.process_time()
    work()
    return time.process_time() - before


def fill(file: Path, names: Sequence[str]) -> None:
    """Put the names straight into the tables, as an import would have."""
    rows, keys = [], []
    for number, name in enumerate(names, 1):
        rows.append((number, number, number, f"movie/{number}.mkv", number, name))
        digests = {key_digest(reading.key) for reading in parse_name(name).readings}
        keys += [(number, digest) for digest in digests]
    connection = sqlite3.connect(file)
    connection.execute(
        "INSERT INTO playlist (id, name, location, version, created_at, updated_at, is_enabled, "
        "is_configured, searched_version, entry_count, etag, last_modified, last_error, kind, "
        "location_mark, username, password, user_agent, last_error_code) VALUES (1, 'list', '', 1, "
        "'2026-01-01', '2026-01-01', 1, 1, 0, 0, '', '', '', 'm3u', '', '', '', '', '')"
    )
    connection.executemany(
        "INSERT INTO playlist_item (id, identity, content, path, ordinal, name, playlist_id, "
        "address_id, first_version, group_title, tvg_name, tvg_id, tvg_logo, tvg_type, url_kind, "
        "user_agent, referrer, imdb_id, content_type, title, state, keys, created_at, updated_at) "
        "VALUES (?, ?, ?, ?, ?, ?, 1, 1, 1, '', '', '', '', '', 'movie', '', '', '', 'movie', '', "
        "'processed', '[]', '2026-01-01', '2026-01-01')",
        rows,
    )
    connection.executemany(
        "INSERT INTO entry_key (item_id, key, content_type) VALUES (?, ?, 'movie')", keys
    )
    connection.commit()
    connection.close()


def search(store: Store, wanted: Iterable[Wanted], library: Library) -> int:
    """Do what a search does for each item: ask for candidates and rank them."""
    taken = 0
    for item in wanted:
        entries = store.playlists.candidates(item)
        taken += bool(rank(item, entries, library=library, rules=MatchRules()).taken)
    return taken


def say(line: str) -> None:
    """Print a line at once."""
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--entries", type=int, default=1_000_000)
    parser.add_argument("--wanted", type=int, default=2000)
    parser.add_argument("--rounds", type=int, default=3)
    given = parser.parse_args()
    films = titles(given.entries)
    names = list(named(films))
    wanted = wishes(films, given.wanted)
    library = library_of_movies(
        Movie(id=item.arr_id, title=item.title, year=item.year) for item in wanted
    )
    index: dict[str, list[Candidate]] = defaultdict(list)
    for number, (name, (title, _)) in enumerate(zip(names, films, strict=True)):
        index[title_key(title)].append(Candidate(number, name, "", "movie", order=number))
    say(f"{len(names):,} entries, {len(wanted):,} wanted")
    keys, fuzzies = [], []
    for _ in range(given.rounds):
        keys.append(cpu_s(lambda: by_keys(index, wanted, library)))
        fuzzies.append(fuzzy(names, wanted))
        say(f"keys {keys[-1]:8.3f} s   fuzzy {fuzzies[-1]:8.1f} s   1/{fuzzies[-1] / keys[-1]:.0f}")
    ratio = statistics.median(fuzzies) / statistics.median(keys)
    say(f"median: keys take 1/{ratio:.0f} of fuzzy (bar: 1/500)")
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "bench.db"
        store = Store(Database(f"sqlite:///{file}"))
        store.migrate()
        fill(file, names)
        missing = wishes(films, IN_A_ROW)
        for _ in range(given.rounds):
            spent = cpu_s(lambda: search(store, missing, library))
            say(
                f"search: {IN_A_ROW} items in {spent:.2f} s CPU, {spent / IN_A_ROW * 1000:.2f} ms each"
            )
        store.close()


if __name__ == "__main__":
    main()
