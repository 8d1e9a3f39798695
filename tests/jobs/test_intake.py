"""Lists taken in, one after the other: what stays, what is new, and what is never lost."""

from __future__ import annotations

import gzip
from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from stalkeer.core.filters import Attribute, FilterRule
from stalkeer.core.items import ContentType, Wanted
from stalkeer.db.candidates import IS_CURRENT
from stalkeer.db.importing import ImportLostError
from stalkeer.db.models import EntryKey, Playlist, PlaylistAddress, PlaylistItem
from stalkeer.db.store import Store
from stalkeer.db.vault import Vault
from stalkeer.errors import StalkeerError
from stalkeer.jobs.intake import Intake, PlaylistShrunkError, take_in
from stalkeer.jobs.reading import Phase, Summary
from stalkeer.playlist.errors import PlaylistEmptyError, PlaylistTruncatedError
from stalkeer.playlist.source import open_source
from stalkeer.playlist.terms import OpenSource
from tests.builders import movie, row_of

HOST = "http://tv.example.invalid:8080"


def film(number: int, *, name: str = "", url: str = "", **said: str) -> str:
    """Write the two lines of a film."""
    values = {"group-title": "VOD"} | {key.replace("_", "-"): said[key] for key in said}
    attributes = " ".join(f'{key}="{value}"' for key, value in values.items())
    address = url or f"{HOST}/movie/joe/word/{number}.mkv"
    return f"#EXTINF:-1 {attributes},{name or f'Film {number} (1995)'}\n{address}"


def films(count: int) -> list[str]:
    return [film(number) for number in range(count)]


class Lists:
    """One playlist that is refreshed with this and that."""

    def __init__(self, folder: Path) -> None:
        self.store = Store(_database(folder), vault=Vault(["a key"]))
        self.store.migrate()
        self.playlist_id = self.store.playlists.add("list", "/list.m3u")
        self.told: list[Summary] = []
        self.imports = 0

    def take(
        self,
        *entries: str,
        chunks: Iterable[bytes] = (),
        source: OpenSource | None = None,
        **how: Any,
    ) -> Summary:
        """Take in a list of these entries."""
        row = self.store.playlists.get(self.playlist_id)
        assert row is not None
        self.imports += 1
        order = Intake(
            name="list",
            playlist_id=self.playlist_id,
            token=f"import-{self.imports}",
            entry_count=row.entry_count,
            **how,
        )
        text = "\n".join(["#EXTM3U", *entries, ""]).encode()
        return take_in(
            self.store.imports,
            order,
            source or chunks or [text],
            tell=lambda summary: self.told.append(replace(summary)),
            wait=lambda _: None,
            etag="e",
            total_bytes=source.info.size_bytes if source else None,
            read_bytes=source.read_bytes if source else None,
        )

    @property
    def names(self) -> list[str]:
        """The entries that are current, in the order in which they came."""
        query = PlaylistItem.select().join(Playlist).where(IS_CURRENT).order_by(PlaylistItem.id)
        return [row.name for row in self.rows(query)]

    def rows(self, query: Any = None) -> list[PlaylistItem]:
        query = PlaylistItem.select().order_by(PlaylistItem.id) if query is None else query
        return self.store.db.read(lambda: list(query))

    def row(self, name: str) -> PlaylistItem:
        found: PlaylistItem = row_of(self.store, PlaylistItem, PlaylistItem.name == name)
        return found

    def url(self, name: str) -> str:
        entry = self.store.playlists.entry(self.row(name).id)
        assert entry is not None
        return entry.url

    def found(self, wanted: Wanted) -> list[str]:
        return [one.name for one in self.store.playlists.candidates(wanted)]

    def count(self, model: Any) -> int:
        return self.store.db.read(lambda: int(model.select().count()))

    def writes(self) -> int:
        """How many rows this connection has ever changed."""
        return self.store.db.read(
            lambda: int(self.store.db.execute("SELECT total_changes()").fetchone()[0])
        )


def _database(folder: Path) -> Any:
    from stalkeer.db.connect import Database

    return Database(f"sqlite:///{folder / 'stalkeer.db'}", pool_size=1)


@pytest.fixture
def lists(tmp_path: Path) -> Iterator[Lists]:
    made = Lists(tmp_path)
    yield made
    made.store.close()


# --- what is as it was ---


def test_a_list_that_is_the_same_costs_no_write_for_any_entry(lists: Lists) -> None:
    lists.take(*films(50))
    before = lists.writes()

    summary = lists.take(*films(50))

    assert (summary.new, summary.changed, summary.gone, summary.entries) == (0, 0, 0, 50)
    assert summary.kinds == {ContentType.MOVIE: 50}
    assert lists.writes() - before <= 5, "the playlist, and nothing else"


def test_entries_in_another_order_and_with_another_token_cost_one_write(lists: Lists) -> None:
    lists.take(*films(50))
    addresses, before = lists.count(PlaylistAddress), lists.writes()

    summary = lists.take(*(each.replace("joe/word", "jim/pass") for each in reversed(films(50))))

    assert (summary.new, summary.changed, summary.gone) == (0, 0, 0)
    assert lists.writes() - before <= 6
    assert lists.url("Film 7 (1995)") == f"{HOST}/movie/jim/pass/7.mkv"
    assert lists.count(PlaylistAddress) == addresses == 1


def test_an_unchanged_entry_is_not_parsed_again(
    lists: Lists, monkeypatch: pytest.MonkeyPatch
) -> None:
    lists.take(*films(3))

    def parsed(*_: object, **__: object) -> None:
        raise AssertionError("parsed again")

    monkeypatch.setattr("stalkeer.jobs.sieve.entry_of", parsed)

    assert lists.take(*films(3)).entries == 3


def test_a_row_of_a_film_keeps_its_id_wherever_it_stands(lists: Lists) -> None:
    lists.take(film(1), film(2))
    before = {row.name: row.id for row in lists.rows()}

    lists.take(film(3), film(2), film(1))

    after = {row.name: row.id for row in lists.rows()}
    assert {name: after[name] for name in before} == before


def test_an_entry_that_stands_twice_is_stored_once(lists: Lists) -> None:
    summary = lists.take(film(1), film(1), film(1, group_title="Other"))
    again = lists.take(film(1), film(1), film(1, group_title="Other"))

    assert (summary.entries, summary.new) == (3, 1)
    assert (again.entries, again.new, again.changed) == (3, 0, 0)
    assert lists.row("Film 1 (1995)").group_title == "VOD", "the first one counts"


# --- what changed ---


def test_a_changed_entry_is_found_under_what_it_is_now(lists: Lists) -> None:
    lists.take(film(1, name="Heat (1995)"), film(2))
    row_id = lists.row("Heat (1995)").id

    summary = lists.take(film(1, name="Heat (1995)", tmdb_id="949", tvg_logo="http://i/b"), film(2))

    row = lists.row("Heat (1995)")
    assert (summary.new, summary.changed) == (0, 1)
    assert (row.id, row.tmdb_id, row.tvg_logo, row.first_version) == (row_id, 949, "http://i/b", 2)
    assert lists.found(movie(1, "Collateral", 2004, tmdb_id=949)) == ["Heat (1995)"]


def test_what_nobody_keeps_of_an_entry_is_noted_and_changes_nothing(lists: Lists) -> None:
    lists.take(film(1))

    summary = lists.take(film(1, xui_id="7"))
    before = lists.writes()
    lists.take(film(1, xui_id="7"))

    assert (summary.new, summary.changed) == (0, 0)
    assert lists.row("Film 1 (1995)").first_version == 1
    assert lists.writes() - before <= 5


def test_an_entry_with_another_kind_is_counted_as_what_it_is_now(lists: Lists) -> None:
    lists.take(film(1, name="Heat", url=f"{HOST}/x/1"), film(2))

    summary = lists.take(film(1, name="Heat", url=f"{HOST}/x/1", group_title="UK | News"), film(2))

    assert sum(summary.kinds.values()) == summary.entries == 2
    assert summary.kinds[ContentType(lists.row("Heat").content_type)] >= 1


def test_force_parses_everything_again_and_finds_nothing_changed(lists: Lists) -> None:
    lists.take(*films(3))
    lists.store.db.write(
        lambda: PlaylistItem.update(title="wrong").where(PlaylistItem.ordinal == 1).execute()
    )

    summary = lists.take(*films(3), force=True)

    assert (summary.new, summary.changed) == (0, 1)
    assert lists.row("Film 1 (1995)").title == "Film 1"


def test_what_a_person_said_of_an_entry_outlives_its_changes(lists: Lists) -> None:
    lists.take(film(1, name="Heat (1995)"))
    lists.store.db.write(
        lambda: PlaylistItem.update(override={"title": "Ronin", "year": 1998}).execute()
    )

    lists.take(film(1, name="Heat (1995)", tvg_logo="http://i/b.png"))

    row = lists.row("Heat (1995)")
    assert (row.title, row.year, row.tvg_logo) == ("Ronin", 1998, "http://i/b.png")
    assert row.override == {"title": "Ronin", "year": 1998}
    assert lists.found(movie(2, "Ronin", 1998)) == ["Heat (1995)"]
    assert lists.found(movie()) == []


# --- addresses ---


def test_an_entry_that_moves_to_another_host_alone_takes_no_other_along(lists: Lists) -> None:
    lists.take(*films(5))
    other = "http://cdn.example.invalid/movie/joe/word/2.mkv"

    summary = lists.take(film(0), film(1), film(2, url=other), film(3), film(4))

    assert (summary.new, summary.changed) == (0, 0)
    assert lists.url("Film 2 (1995)") == other
    assert lists.url("Film 3 (1995)") == f"{HOST}/movie/joe/word/3.mkv"


def test_most_entries_move_with_their_address_and_the_rest_alone(lists: Lists) -> None:
    lists.take(*films(5))
    there = "http://cdn.example.invalid/movie/a/b"
    moved = [film(n, url=f"{there}/{n}.mkv") for n in range(4)]

    lists.take(*moved, film(4), film(5))

    assert lists.url("Film 3 (1995)") == f"{there}/3.mkv"
    assert lists.url("Film 4 (1995)") == f"{HOST}/movie/joe/word/4.mkv"
    assert lists.url("Film 5 (1995)") == f"{HOST}/movie/joe/word/5.mkv"


def test_two_hosts_that_change_places_are_not_mixed_up(lists: Lists) -> None:
    one, two = f"{HOST}/movie/a/b", "http://cdn.example.invalid/movie/c/d"
    lists.take(film(1, url=f"{one}/1.mkv"), film(2, url=f"{two}/2.mkv"))

    lists.take(film(1, url=f"{two}/1.mkv"), film(2, url=f"{one}/2.mkv"))

    assert lists.url("Film 1 (1995)") == f"{two}/1.mkv"
    assert lists.url("Film 2 (1995)") == f"{one}/2.mkv"


def test_a_token_for_each_entry_is_renewed_for_each(lists: Lists) -> None:
    def tokens(word: str) -> list[str]:
        return [film(n, url=f"{HOST}/films/{n}.mkv?token={word}{n}") for n in range(40)]

    lists.take(*tokens("a"))
    summary = lists.take(*tokens("b"))

    assert (summary.new, summary.changed, summary.gone) == (0, 0, 0)
    assert lists.url("Film 9 (1995)") == f"{HOST}/films/9.mkv?token=b9"
    assert lists.count(PlaylistAddress) == 40


def test_an_address_that_no_entry_has_is_removed(lists: Lists) -> None:
    lists.take(film(1), film(2, url="http://cdn.example.invalid/2.mkv"))
    moved = film(2, url=f"{HOST}/movie/joe/word/x/2.mkv")
    lists.take(film(1), moved)

    lists.take(film(1), moved)
    lists.take(film(1), moved)

    assert lists.count(PlaylistAddress) <= 2


# --- what goes and comes ---


def test_an_entry_that_left_is_kept_for_three_refreshes_and_then_removed(lists: Lists) -> None:
    lists.take(*films(4))
    keys = lists.count(EntryKey)

    rows = []
    for _ in range(4):
        lists.take(*films(3))
        rows.append(len(lists.rows()))

    assert rows == [4, 4, 4, 3]
    assert lists.names == ["Film 0 (1995)", "Film 1 (1995)", "Film 2 (1995)"]
    assert lists.count(EntryKey) == keys // 4 * 3


def test_an_entry_that_comes_back_is_new_and_keeps_its_row(lists: Lists) -> None:
    lists.take(*films(3))
    row_id = lists.row("Film 2 (1995)").id
    gone = lists.take(*films(2))

    back = lists.take(*films(3))

    row = lists.row("Film 2 (1995)")
    assert (gone.gone, back.new, back.gone) == (1, 1, 0)
    assert (row.id, row.first_version, row.gone_version) == (row_id, 3, None)
    assert len(lists.names) == 3


def test_an_entry_that_comes_back_changed_is_new_and_not_changed(lists: Lists) -> None:
    lists.take(*films(3))
    lists.take(*films(2))

    summary = lists.take(*films(2), film(2, group_title="Other"))

    assert (summary.new, summary.changed) == (1, 0)
    assert lists.row("Film 2 (1995)").gone_version is None


def test_what_a_killed_import_left_is_cleaned_up_by_the_next(lists: Lists) -> None:
    lists.take(*films(3))

    with pytest.raises(KeyboardInterrupt):
        lists.take(chunks=broken(KeyboardInterrupt(), *films(600)))
    left = len(lists.rows())
    summary = lists.take(*films(3))

    assert left > 3
    assert lists.names == ["Film 0 (1995)", "Film 1 (1995)", "Film 2 (1995)"]
    assert len(lists.rows()) == 3
    assert summary.new == 0


def broken(error: BaseException, *entries: str) -> Iterator[bytes]:
    yield "\n".join(["#EXTM3U", *entries, ""]).encode()
    raise error


# --- refusals ---


@pytest.mark.parametrize(
    ("error", "entries"),
    [
        pytest.param(PlaylistShrunkError, films(4), id="shrunk"),
        pytest.param(PlaylistEmptyError, [], id="no-entries"),
    ],
)
def test_a_suspicious_list_leaves_the_old_one_and_nothing_else(
    lists: Lists, error: type[StalkeerError], entries: list[str]
) -> None:
    lists.take(*films(10))

    with pytest.raises(error, match="process --force"):
        lists.take(*entries)

    assert len(lists.names) == len(lists.rows()) == 10
    assert lists.take(*entries, force=True).entries == len(entries)
    assert len(lists.names) == len(entries)


def test_a_list_that_is_cut_off_leaves_the_old_one_and_nothing_behind(lists: Lists) -> None:
    lists.take(*films(10))
    cut = PlaylistTruncatedError("The list was cut off.")

    with pytest.raises(PlaylistTruncatedError):
        lists.take(chunks=broken(cut, *films(600)))

    assert len(lists.names) == len(lists.rows()) == 10
    assert lists.count(EntryKey) == 10


def test_a_list_with_too_many_entries_is_refused(
    lists: Lists, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("stalkeer.jobs.intake.MOST_ENTRIES", 300)

    with pytest.raises(StalkeerError, match="more than 300 entries") as refused:
        lists.take(*films(500))

    assert refused.value.code == "playlist_too_large"
    assert lists.rows() == []


def test_an_import_that_is_overtaken_writes_nothing_more(lists: Lists) -> None:
    def overtaken() -> Iterator[bytes]:
        yield "\n".join(["#EXTM3U", *films(600), ""]).encode()
        lists.store.imports.begin(lists.playlist_id, "theirs")

    with pytest.raises(ImportLostError):
        lists.take(chunks=overtaken())

    assert lists.names == []


# --- figures ---


def test_entries_that_a_filter_keeps_out_are_stored_and_counted(lists: Lists) -> None:
    rule = FilterRule("no sport", Attribute.GROUP_TITLE, exclude=("(?i)sport",))
    entries = [film(1), film(2, group_title="SPORT"), film(3)]

    first = lists.take(*entries, filters=(rule,))
    second = lists.take(*entries, filters=(rule,))

    assert (first.filtered, second.filtered) == (1, 1)
    assert lists.row("Film 2 (1995)").filtered_by == "no sport"
    assert lists.found(movie(1, "Film 2", 1995)) == []
    assert lists.found(movie(1, "Film 3", 1995)) == ["Film 3 (1995)"]


def test_an_entry_that_changes_its_group_goes_through_the_filters_again(lists: Lists) -> None:
    rule = FilterRule("no sport", Attribute.GROUP_TITLE, exclude=("sport",))
    lists.take(film(1, group_title="sport"), film(2), filters=(rule,))

    summary = lists.take(film(1), film(2, group_title="sport"), filters=(rule,))

    assert summary.filtered == 1
    assert lists.row("Film 1 (1995)").filtered_by is None
    assert lists.row("Film 2 (1995)").filtered_by == "no sport"


def test_how_far_it_is_can_be_told_while_it_reads(lists: Lists) -> None:
    summary = lists.take(*films(500))

    assert len(lists.told) > 3
    assert summary.phase is Phase.WRITING
    assert summary.done_bytes > 10_000
    assert "500 entries (500 movies), 500 new" in summary.words()


def test_a_part_of_a_list_is_not_taken_for_all_of_it(lists: Lists) -> None:
    summary = lists.take(*films(10), limit=4)

    row = lists.store.playlists.get(lists.playlist_id)
    assert row is not None
    assert (summary.entries, len(lists.names), row.etag) == (4, 4, "")


def test_no_secret_of_an_address_is_to_be_read_in_the_file(lists: Lists, tmp_path: Path) -> None:
    planted = ["secretuser", "secretpass", "secrettoken", "secretlogin"]
    first, second, third, fourth = planted
    urls = [
        f"{HOST}/movie/{first}/{second}/1.mkv",
        f"{HOST}/films/2.mkv?token={third}",
        f"http://{fourth}:{second}@tv.example.invalid/films/3.mkv",
        f"{HOST}/{first}/{second}/4",
    ]
    lists.store.playlists.add("other", f"{HOST}/get.php?username={first}&password={second}")

    lists.take(*(film(number, url=url) for number, url in enumerate(urls)))

    raw = b"".join(path.read_bytes() for path in tmp_path.glob("stalkeer.db*"))
    assert b"Film 1 (1995)" in raw
    assert not [word for word in planted if word.encode() in raw]
    assert [lists.url(f"Film {number} (1995)") for number in range(4)] == urls


def test_a_path_that_is_no_utf_8_is_read_again_as_it_was(lists: Lists) -> None:
    odd = film(1).encode().replace(b"1.mkv", b"caf\xe9.mkv")
    text = b"\n".join([b"#EXTM3U", film(2).encode(), odd, film(3).encode(), b""])

    lists.take(chunks=[text])
    again = lists.take(chunks=[text])

    assert (again.entries, again.new, again.changed) == (3, 0, 0)
    assert lists.url("Film 1 (1995)") == f"{HOST}/movie/joe/word/caf\u00e9.mkv"


def test_a_list_with_more_addresses_than_are_remembered_is_read_right(
    lists: Lists, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("stalkeer.jobs.addresses._REMEMBERED", 3)
    entries = [film(n, url=f"http://{n % 7}.example.invalid/films/{n}.mkv") for n in range(50)]

    lists.take(*entries)
    again = lists.take(*reversed(entries))

    assert (again.new, again.changed) == (0, 0)
    assert lists.count(PlaylistAddress) == 7
    assert lists.url("Film 9 (1995)") == "http://2.example.invalid/films/9.mkv"


@pytest.mark.parametrize(
    ("summary", "words"),
    [
        pytest.param(Summary(doing="asking for series 3 of 9"), "asking for series 3", id="asking"),
        pytest.param(
            Summary(entries=5, seconds=10, done_bytes=40_000_000, total_bytes=60_000_000),
            "4.0 MB/s, about 5 s left",
            id="reading",
        ),
        pytest.param(
            Summary(entries=5, seconds=10, done_bytes=40_000_000, phase=Phase.WRITING),
            "writing: 5 entries",
            id="writing",
        ),
    ],
)
def test_how_far_it_is_is_said_in_words(summary: Summary, words: str) -> None:
    assert words in summary.words()
    assert ("left" in summary.words()) is (summary.left_s is not None)


def test_how_far_a_packed_list_is_counts_as_it_was_sent(lists: Lists, tmp_path: Path) -> None:
    path = tmp_path / "list.m3u.gz"
    path.write_bytes(gzip.compress("\n".join(["#EXTM3U", *films(20_000)]).encode()))

    with open_source(str(path), user_agent="") as opened:
        assert isinstance(opened, OpenSource)
        summary = lists.take(source=opened)

    size_bytes = path.stat().st_size
    assert (summary.entries, summary.total_bytes, summary.done_bytes) == (
        20_000, size_bytes, size_bytes,
    )  # fmt: skip
    done = [told.done_bytes for told in lists.told]
    assert 0 < done[0] <= done[-1] == size_bytes
    assert all(told.left_s is None or told.left_s >= 0 for told in lists.told)
