"""Reading playlists as they really are."""

from __future__ import annotations

import dataclasses
import itertools
import re
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stalkeer.core.blocks import MAX_LINE_BYTES
from stalkeer.core.m3u import Lines, RawEntry, ReadCounts, entry_of, read_entries, read_lines

LIST = "http://tv.example.invalid/lists/all.m3u"
ADDRESS = "http://tv.example.invalid/movie/u/p/1.mkv"
USUAL = '#EXTINF:-1 tvg-id="" tvg-name="A" tvg-logo="http://l.invalid/a.jpg" group-title="G",A'


def entries(text: str | bytes) -> list[RawEntry]:
    return list(read_entries([text.encode() if isinstance(text, str) else text]))


def entry(extinf: str) -> RawEntry:
    (only,) = entries(f"{extinf}\n{ADDRESS}\n")
    return only


def by_lines(data: bytes, *, base: str = "") -> list[RawEntry]:
    return [entry_of(lines) for lines in read_lines([data], base=base)]


# --- attributes and names -----------------------------------------------------------------------


def test_a_plain_entry_keeps_every_attribute() -> None:
    found = entry(
        '#EXTINF:-1 tvg-id="heat" tvg-name="Heat HD" tvg-logo="http://l.example.invalid/h.jpg" '
        'tvg-type="movie" group-title="VOD",Heat (1995)'
    )

    assert found == RawEntry(
        index=0,
        name="Heat (1995)",
        url=ADDRESS,
        group="VOD",
        tvg_name="Heat HD",
        tvg_id="heat",
        logo="http://l.example.invalid/h.jpg",
        tvg_type="movie",
    )


@pytest.mark.parametrize(
    ("extinf", "name", "group"),
    [
        pytest.param('#EXTINF:-1 group-title="A, B",C, D', "C, D", "A, B", id="commas"),
        pytest.param("#EXTINF: -1, name,with comma", "name,with comma", "", id="spaces"),
        pytest.param("#EXTINF:-1 group-title='A, B',C", "C", "A, B", id="single-quotes"),
        pytest.param(
            "#EXTINF:-1 group-title='Bob\\'s',Bob's", "Bob's", "Bob's", id="single-quotes-escaped"
        ),
        pytest.param(
            "#EXTINF:-1 tvg-id='a' group-title=\"G\",C", "C", "G", id="both-kinds-of-quotes"
        ),
        pytest.param('#EXTINF:-1 group-title="DE,Das A-Team', "Das A-Team", "DE", id="unclosed"),
        pytest.param(
            '#EXTINF:-1 tvg-name="A tvg-logo="x" group-title="G",A', "A", "G", id="unclosed-first"
        ),
        pytest.param('#EXTINF:-1 group-title=A, B",C', "C", "A, B", id="unopened"),
        pytest.param("#EXTINF:-1 group-title=A tvg-shift=+1,C", "C", "A", id="unquoted"),
        pytest.param('#EXTINF:-1 tvg-shift=+1 group-title="G",C', "C", "G", id="unquoted-before"),
        pytest.param(
            '#EXTINF:-1 group-title="Say "Hi" now",C', "C", 'Say "Hi" now', id="inner-quotes"
        ),
        pytest.param('#EXTINF:-1 group-title="a \\"b\\" c",C', "C", 'a "b" c', id="escaped-quotes"),
        pytest.param('#EXTINF:-1 group-title="G" , C', "C", "G", id="space-before-comma"),
        pytest.param('#EXTINF:-1 group-title = "G",C', "C", "G", id="spaces-around-equals"),
        pytest.param('#EXTINF:-1 group-title="G",A "B" C', 'A "B" C', "G", id="quotes-in-name"),
        pytest.param('#EXTINF:-1 tvg-name="N" group-title="G"', "N", "G", id="no-comma"),
        pytest.param('#EXTINF:-1 tvg-name="N" group-title="G",', "N", "G", id="no-name"),
        pytest.param("#EXTINF:-1 just a name", "just a name", "", id="no-comma-no-attribute"),
        pytest.param("#EXTINF:-1,", "", "", id="nothing"),
        pytest.param('#extinf:7200 Group-Title="G",C', "C", "G", id="other-case"),
        pytest.param('#EXTINF:group-title="G",C', "C", "G", id="no-duration"),
        pytest.param('#EXTINF:-1.0 group-title="G",C', "C", "G", id="fractional-duration"),
        pytest.param('#EXTINF:-1 a="x?a={b}&c=d" group-title="G",C', "C", "G", id="equals-inside"),
        pytest.param(
            '#EXTINF:-1 group-title="G" tvg-ID="i" tvg-name="N",C', "C", "G", id="other-order"
        ),
        pytest.param(
            '#EXTINF:-1 xui-id="{XUI_ID}" tvg-id="" CUID="7" tvg-name="N" group-title="G",C',
            "C", "G", id="ids-of-panels",
        ),
        pytest.param(
            '#EXTINF:-1 group-title="G" catchup="default" catchup-source="http://h/{utc}?a=b,c",C',
            "C", "G", id="catchup",
        ),
        pytest.param('#EXTINF:-1 group-title=" A  B ",C', "C", " A  B ", id="spaces-in-quotes"),
        pytest.param('#EXTINF:-1 group-title="A\nB",C', "C", "A B", id="broken-line"),
        pytest.param('#EXTINF:-1 tvg-id="A\n\nB" group-title="G",C', "C", "G", id="broken-twice"),
        pytest.param('#EXTINF:-1 tvg-name="A\nB" group-title="G",C', "C", "G", id="broken-name"),
        pytest.param('#EXTINF:-1 group-title="G\nrest,C', "C", "G rest", id="broken-and-unclosed"),
        pytest.param('#EXTINF:-1 group-title="G,C\n== TV ==', "C", "G", id="unclosed-and-a-line"),
        pytest.param("#EXTINF:-1,C\n#EXTGRP:G", "C", "G", id="extgrp"),
        pytest.param("#EXTGRP:G\n#EXTINF:-1,C", "C", "G", id="extgrp-before"),
        pytest.param('#EXTINF:-1 group-title="A",C\n#EXTGRP:B', "C", "A", id="two-groups"),
        pytest.param("#EXTM3U\n#EXTM3U\n\n  #EXTINF:-1,C  ", "C", "", id="indented"),
        pytest.param("#EXTINF:-1,C\n====sudan====\n#KODIPROP:x=y", "C", "", id="other-lines"),
        pytest.param("#EXTINF:-1,lost\n#EXTGRP:X\n#EXTINF:-1,C", "C", "", id="lost-one-before"),
        pytest.param("#EXTINF:-1,A\r\n#EXTGRP:G\r", "A", "G", id="crlf"),
        pytest.param("#EXTINF:-1,A\x00B\x1bC", "A B C", "", id="control-characters"),
        pytest.param(
            "#EXTINF:-1,<script>alert('../')</script>", "<script>alert('../')</script>", "",
            id="markup-is-text",
        ),
    ],
)  # fmt: skip
def test_name_and_group_survive_broken_syntax(extinf: str, name: str, group: str) -> None:
    data = f"{extinf}\n{ADDRESS}\n".encode()

    for (found,) in (list(read_entries([data])), by_lines(data)):
        assert (found.name, found.group, found.url) == (name, group, ADDRESS)


@pytest.mark.parametrize(
    ("attributes", "facts"),
    [
        ('tmdb-id="603" imdb-id="tt0133093" duration="8160"', (603, "tt0133093", 8160)),
        ('tvg-tmdb="603" tvg-imdb="tt0133093"', (603, "tt0133093", None)),
        ('tmdb-id="0" imdb-id="133093" duration="2:16:00"', (None, "", None)),
        ('tmdb-id="9999999999" imdb-id="tt1" duration="-1"', (None, "", None)),
        ('tmdb-id="٦٠٣"', (None, "", None)),
        ("", (None, "", None)),
    ],
)
def test_ids_and_running_time_are_what_the_attributes_say(
    attributes: str, facts: tuple[int | None, str, int | None]
) -> None:
    found = entry(f"#EXTINF:7200 {attributes},The Matrix")

    assert (found.tmdb_id, found.imdb_id, found.duration_s) == facts


def test_bytes_that_are_no_utf_8_are_cp1252() -> None:
    (found,) = entries("#EXTINF:-1,Amélie\n".encode("cp1252") + ADDRESS.encode())

    assert found.name == "Amélie"


def test_a_line_in_another_encoding_spoils_no_other_line() -> None:
    data = (
        "#EXTINF:-1,Amélie\n".encode("cp1252") + f"{ADDRESS}\n#EXTINF:-1,Ölçek\n{ADDRESS}".encode()
    )

    for found in (list(read_entries([data])), by_lines(data)):
        assert [one.name for one in found] == ["Amélie", "Ölçek"]


def test_a_byte_order_mark_before_the_first_line_is_no_part_of_it() -> None:
    (found,) = entries(b"\xef\xbb\xbf#EXTINF:-1,Heat\n" + ADDRESS.encode())

    assert found.name == "Heat"


# --- what stands beside the two lines -----------------------------------------------------------


def test_player_options_belong_to_the_next_address_only() -> None:
    first, second = entries(
        "#EXTINF:-1,A\n#EXTVLCOPT:http-user-agent=VLC/3\n#EXTVLCOPT:http-referrer=http://r.invalid\n"
        f"#EXTVLCOPT:network-caching=1000\n{ADDRESS}\n#EXTINF:-1,B\n{ADDRESS}\n"
    )

    assert (first.user_agent, first.referrer) == ("VLC/3", "http://r.invalid")
    assert (second.user_agent, second.referrer) == (None, None)


@pytest.mark.parametrize(
    "lines",
    [
        f"#EXTVLCOPT:http-user-agent=My TV\n#EXTVLCOPT:http-referrer=http://r.invalid\n{ADDRESS}",
        f"#extvlcopt: HTTP-User-Agent = My TV \r\n#EXTVLCOPT:http-referer=http://r.invalid\r\n{ADDRESS}",
        f"#KODIPROP:inputstream.adaptive.stream_headers=User-Agent=My%20TV&Referer=http://r.invalid\n{ADDRESS}",
        f"#KODIPROP:inputstream.adaptive.manifest_headers=referer=http%3A//r.invalid&user-agent=My TV\n{ADDRESS}",
        f"{ADDRESS}|User-Agent=My%20TV%00&Referer=http://r.invalid&x=y",
        f"{ADDRESS} | user-agent=My TV&referrer=http://r.invalid",
        f"#EXTVLCOPT:http-user-agent=VLC\n#EXTVLCOPT:http-referrer=http://r.invalid\n{ADDRESS}|User-Agent=My TV",
    ],
)
@pytest.mark.parametrize("extinf", [USUAL, "#EXTINF:-1 a='b',A", "#EXTM3U"])
def test_headers_are_taken_from_wherever_they_are_written(extinf: str, lines: str) -> None:
    (found,) = entries(f"{extinf}\n{lines}\n")

    assert (found.url, found.user_agent, found.referrer) == (ADDRESS, "My TV", "http://r.invalid")


def test_directives_before_the_extinf_line_count_as_well() -> None:
    (found,) = entries(f"#EXTVLCOPT:http-user-agent=VLC\n{USUAL}\n#EXTGRP:X\n{ADDRESS}\n")

    assert (found.user_agent, found.group, found.name) == ("VLC", "G", "A")


def test_directives_are_kept_only_up_to_64_kib() -> None:
    option = "#EXTVLCOPT:" + "x" * 1000 + "\n"

    (found,) = read_lines([f"#EXTINF:-1,A\n{option * 100}{ADDRESS}\n".encode()])

    assert len(found.said) <= MAX_LINE_BYTES


# --- which line is an address -------------------------------------------------------------------


def test_the_index_counts_lines_with_an_address() -> None:
    counts = ReadCounts()

    found = list(
        read_entries(
            [
                f"#EXTINF:-1,A\n{ADDRESS}\n{ADDRESS}\n#EXTINF:-1,orphan\n#EXTINF:-1,B\n{ADDRESS}\n"
                "#EXTINF:-1,last".encode()
            ],
            counts=counts,
        )
    )

    assert [(one.index, one.name) for one in found] == [(0, "A"), (1, ""), (2, "B")]
    assert counts == ReadCounts(lines=7, entries=3, without_address=2, undescribed=1)


@pytest.mark.parametrize("scheme", ["https", "HTTP", "rtmp", "rtsp", "udp", "file", "a+b-c.d"])
def test_an_address_may_have_any_scheme(scheme: str) -> None:
    (found,) = entries(f"#EXTINF:-1,A\n{scheme}://tv.example.invalid/1\n")

    assert (found.index, found.url) == (0, f"{scheme}://tv.example.invalid/1")


def test_the_same_entry_twice_is_two_entries() -> None:
    first, second = entries(f"{USUAL}\n{ADDRESS}\n" * 2)

    assert (first.index, second.index) == (0, 1)
    assert (first.name, first.url) == (second.name, second.url)


@pytest.mark.parametrize("extinf", ["#EXTINF:-1,A {}", "#EXTINF:-1 tvg-name='A',{}"])
def test_an_address_on_the_extinf_line_makes_an_entry_that_is_not_counted(extinf: str) -> None:
    first, second, last = entries(
        f"{extinf.format(ADDRESS)}\n{USUAL}\n{ADDRESS}\n{extinf.format(ADDRESS)}\n"
    )

    assert (first.name, first.url, first.index) == ("A", ADDRESS, -1)
    assert (second.name, second.index) == ("A", 0)
    assert (last.name, last.url, last.index) == ("A", ADDRESS, -2)


@pytest.mark.parametrize(
    ("path", "url"),
    [
        ("films/heat.mkv", "http://tv.example.invalid/lists/films/heat.mkv"),
        ("../heat 1995.mkv", "http://tv.example.invalid/heat 1995.mkv"),
        ("/movie/u/p/1?a=b", "http://tv.example.invalid/movie/u/p/1?a=b"),
        ("//cdn.example.invalid/1.ts", "http://cdn.example.invalid/1.ts"),
        ("heat.mkv?token=x", "http://tv.example.invalid/lists/heat.mkv?token=x"),
    ],
)
def test_a_relative_address_is_completed_by_that_of_the_list(path: str, url: str) -> None:
    data = f"#EXTINF:-1,A\n{path}\n{USUAL}\n{ADDRESS}\n".encode()

    for found in (list(read_entries([data], base=LIST)), by_lines(data, base=LIST)):
        assert [(one.index, one.url) for one in found] == [(-1, url), (0, ADDRESS)]


@pytest.mark.parametrize(
    ("path", "base", "relative"),
    [
        pytest.param("films/heat.mkv", "", 1, id="a-list-without-an-address"),
        pytest.param("//[/heat.mkv", LIST, 1, id="no-address-at-all"),
        pytest.param("C:\\films\\heat.mkv", LIST, 1, id="a-drive"),
        pytest.param("==== sudan ====", LIST, 0, id="a-stray-line"),
    ],
)
def test_what_cannot_be_completed_is_counted_and_left_out(
    path: str, base: str, relative: int
) -> None:
    counts = ReadCounts()

    found = list(read_entries([f"#EXTINF:-1,A\n{path}\n".encode()], counts=counts, base=base))

    assert found == []
    assert (counts.relative, counts.without_address) == (relative, 1 - relative)


def test_a_stray_line_does_not_stand_between_an_entry_and_its_address() -> None:
    (found,) = read_entries([f"#EXTINF:-1,A\nfilms/heat.mkv\n{ADDRESS}".encode()], base=LIST)

    assert (found.name, found.url, found.index) == ("A", ADDRESS, 0)


def test_the_lines_of_an_entry_are_given_as_they_stand_there() -> None:
    first, second = read_lines(
        [f"#EXTM3U\n{USUAL}\n#EXTGRP:G\n# nothing\n#KODIPROP:a=b\n{ADDRESS} \n{ADDRESS}".encode()]
    )

    assert first == Lines(0, USUAL.encode(), b"#EXTGRP:G\n#KODIPROP:a=b", ADDRESS.encode())
    assert second == Lines(1, b"", b"", ADDRESS.encode())


# --- what is hostile ----------------------------------------------------------------------------


@pytest.mark.parametrize("size", [1, 100, 3 * MAX_LINE_BYTES])
def test_a_line_over_64_kib_is_skipped_and_counted_whatever_the_chunks(size: int) -> None:
    counts = ReadCounts()
    long_line = b"#EXTINF:-1," + b"x" * MAX_LINE_BYTES
    data = b"#EXTINF:-1,A\n" + ADDRESS.encode() + b"\n" + long_line + b"\n" + ADDRESS.encode()
    chunks = [data[at : at + size] for at in range(0, len(data), size)]

    found = list(read_entries(chunks, counts=counts))

    assert [one.name for one in found] == ["A", ""]
    assert (counts.too_long, counts.lines) == (1, 4)


def test_a_line_without_an_end_is_not_kept() -> None:
    counts = ReadCounts()

    found = list(
        read_entries([f"{USUAL}\n{ADDRESS}\n".encode(), *[b"x" * 5000] * 100], counts=counts)
    )

    assert len(found) == 1
    assert (counts.too_long, counts.lines) == (1, 3)


def test_a_list_without_an_end_gives_its_entries_as_they_come() -> None:
    endless = itertools.repeat(f"{USUAL}\n{ADDRESS}\n".encode())

    found = list(itertools.islice(read_entries(endless), 1000))

    assert [one.index for one in found] == list(range(1000))


def test_a_line_break_in_a_quote_is_joined_only_up_to_64_kib() -> None:
    (found,) = entries('#EXTINF:-1 group-title="A\n' + "x" * MAX_LINE_BYTES + f"\n{ADDRESS}")

    assert found.group == "A"


# Each is repeated to fill a line of 60 KB. What takes a time that grows with the square of the
# length takes a minute for one of them.
_ADVERSARIAL = [
    " ", "\t", '"', "'", ",", "=", "a", "a ", "a=", ' a="', " a='", ' a="b', ' a="b c', " a=b",
    ' a="b" ', '" a=', '\\"', 'a="\\', "://", " a://", "a://b ", ",http://a ", '"" ', "'\"", ":", "-1",
    ' a="b",', "é", "&", "|", "a=b&", "%00", "#EXTGRP:", "[", "(2019)", " S01E01", "&amp;", "Ã©",
]  # fmt: skip


@pytest.mark.parametrize("piece", _ADVERSARIAL)
@pytest.mark.parametrize(
    "frame",
    [
        "#EXTINF:{}\nADDRESS",
        "#EXTINF:-1 {}\nADDRESS",
        '#EXTINF:-1 a="{}\nADDRESS',
        "#EXTINF:-1 group-title={},x\nADDRESS",
        "#EXTINF:-1,{}\n#EXTINF:-1,x",
        "#EXTINF:-1,x\n{}\n#EXTINF:-1,x",
        "#EXTINF:-1,x\n#EXTVLCOPT:{}\nADDRESS|{}",
    ],
)
def test_the_time_for_a_long_line_grows_with_its_length_only(piece: str, frame: str) -> None:
    def cost_s(length: int) -> float:
        text = frame.replace("{}", (piece * length)[:length]).replace("ADDRESS", ADDRESS)
        started = time.process_time()
        list(read_entries([text.encode()], base=LIST))
        return time.process_time() - started

    assert cost_s(28_000) < 0.25


def test_many_lines_behind_an_open_quote_cost_no_more_than_others() -> None:
    started = time.process_time()

    list(read_entries([b'#EXTINF:-1 a="\n' + b"x\n" * 100_000]))
    list(read_entries([b"#EXTINF:-1,x\n" + b"#EXTGRP:x\n" * 20_000]))

    assert time.process_time() - started < 2


_LINES = st.lists(
    st.sampled_from(
        [
            USUAL,
            USUAL.replace('"G"', '"G'),
            USUAL.replace('"A"', '"A\nB"'),
            '#EXTINF:-1 group-title="A, B\nC',
            'x" tvg-logo="" group-title="",y',
            "#EXTINF:-1,http://tv.example.invalid/2",
            '#EXTINF:-1 tvg-name="a\\"b",c',
            "#EXTINF:-1,A",
            "#EXTGRP:G",
            "#EXTVLCOPT:http-user-agent=x",
            "# comment",
            ADDRESS,
            ADDRESS + "|User-Agent=%41",
            "  " + ADDRESS + "\u00a0",
            "films/1.mkv",
            "",
        ]
    )
    | st.text(
        st.sampled_from("#EXTINF:-1 ,=\"'\\\nhttp://ab|&\x00\x1b\u202e\u2028é\x85"), max_size=60
    ),
    max_size=12,
)


@given(_LINES, st.sampled_from(["utf-8", "cp1252", "utf-16"]), st.integers(1, 50))
def test_all_ways_to_read_a_list_give_the_same(lines: list[str], encoding: str, size: int) -> None:
    data = "\n".join(lines).encode(encoding, "replace")
    chunks = [data[at : at + size] for at in range(0, len(data), size)]
    counts, others = ReadCounts(), ReadCounts()

    found = list(read_entries([data], counts=counts, base=LIST))

    assert (
        found == list(read_entries(chunks, counts=others, base=LIST)) == by_lines(data, base=LIST)
    )
    assert counts == others
    assert counts.entries == len(found) == len({one.index for one in found})
    assert counts.lines == data.count(b"\n") + (not data.endswith(b"\n") and data != b"")


@given(st.binary(), st.integers(1, 50))
def test_no_bytes_raise_and_chunks_make_no_difference(data: bytes, size: int) -> None:
    chunks = [data[at : at + size] for at in range(0, len(data), size)]

    assert list(read_entries(chunks)) == list(read_entries([data])) == by_lines(data)


@given(_LINES)
def test_no_field_holds_what_postgresql_or_a_terminal_must_not_see(lines: list[str]) -> None:
    for found in entries("\n".join(lines)):
        texts = [value for value in dataclasses.astuple(found) if isinstance(value, str)]
        assert not re.search(r"[\x00-\x1f\x7f]", "".join(texts))
        assert "".join(texts).encode()


_VALUE = st.text(
    st.characters(exclude_categories=("C", "Z"), exclude_characters="\"'\\=,"), max_size=20
)


@given(name=_VALUE.filter(lambda text: "://" not in text), group=_VALUE, logo=_VALUE)
def test_a_rendered_entry_is_read_as_it_was(name: str, group: str, logo: str) -> None:
    found = entry(f'#EXTINF:-1 tvg-id="" tvg-logo="{logo}" group-title="{group}",{name}')

    assert (found.name, found.group, found.logo) == (name, group, logo)
