"""Reading playlists as they really are."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stalkeer.core.m3u import MAX_LINE_BYTES, RawEntry, ReadCounts, read_entries

ADDRESS = "http://tv.example.invalid/movie/u/p/1.mkv"


def entries(text: str | bytes) -> list[RawEntry]:
    return list(read_entries([text.encode() if isinstance(text, str) else text]))


def entry(extinf: str) -> RawEntry:
    (only,) = entries(f"{extinf}\n{ADDRESS}\n")
    return only


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
        pytest.param('#EXTINF:-1 group-title="DE,Das A-Team', "Das A-Team", "DE", id="unclosed"),
        pytest.param(
            '#EXTINF:-1 tvg-name="A tvg-logo="x" group-title="G",A', "A", "G", id="unclosed-first"
        ),
        pytest.param('#EXTINF:-1 group-title=A, B",C', "C", "A, B", id="unopened"),
        pytest.param("#EXTINF:-1 group-title=A tvg-shift=+1,C", "C", "A", id="unquoted"),
        pytest.param(
            '#EXTINF:-1 group-title="Say "Hi" now",C', "C", 'Say "Hi" now', id="inner-quotes"
        ),
        pytest.param('#EXTINF:-1 group-title="a \\"b\\" c",C', "C", 'a "b" c', id="escaped-quotes"),
        pytest.param('#EXTINF:-1 group-title="G" , C', "C", "G", id="space-before-comma"),
        pytest.param('#EXTINF:-1 group-title="G",A "B" C', 'A "B" C', "G", id="quotes-in-name"),
        pytest.param('#EXTINF:-1 tvg-name="N" group-title="G"', "N", "G", id="no-comma"),
        pytest.param("#EXTINF:-1 just a name", "just a name", "", id="no-comma-no-attribute"),
        pytest.param("#EXTINF:-1,", "", "", id="nothing"),
        pytest.param('#extinf:7200 Group-Title="G",C', "C", "G", id="other-case"),
        pytest.param('#EXTINF:group-title="G",C', "C", "G", id="no-duration"),
        pytest.param('#EXTINF:-1 a="x?a={b}&c=d" group-title="G",C', "C", "G", id="equals-inside"),
        pytest.param('#EXTINF:-1 group-title="A\nB",C', "C", "A B", id="broken-line"),
        pytest.param("#EXTINF:-1,C\n#EXTGRP:G", "C", "G", id="extgrp"),
        pytest.param("#EXTM3U\n#EXTM3U\n\n  #EXTINF:-1,C  ", "C", "", id="indented"),
        pytest.param("#EXTINF:-1,C\n====sudan====\n#KODIPROP:x=y", "C", "", id="other-lines"),
        pytest.param("#EXTINF:-1,A\r\n#EXTGRP:G\r", "A", "G", id="crlf"),
        pytest.param("#EXTINF:-1,A\x00B\x1bC", "A B C", "", id="control-characters"),
    ],
)
def test_name_and_group_survive_broken_syntax(extinf: str, name: str, group: str) -> None:
    found = entry(extinf)

    assert (found.name, found.group) == (name, group)


def test_bytes_that_are_no_utf_8_are_cp1252() -> None:
    (found,) = entries("#EXTINF:-1,Amélie\n".encode("cp1252") + ADDRESS.encode())

    assert found.name == "Amélie"


def test_a_byte_order_mark_before_the_first_line_is_no_part_of_it() -> None:
    (found,) = entries(b"\xef\xbb\xbf#EXTINF:-1,Heat\n" + ADDRESS.encode())

    assert found.name == "Heat"


def test_player_options_belong_to_the_next_address_only() -> None:
    first, second = entries(
        "#EXTINF:-1,A\n#EXTVLCOPT:http-user-agent=VLC/3\n#EXTVLCOPT:http-referrer=http://r.invalid\n"
        f"#EXTVLCOPT:network-caching=1000\n{ADDRESS}\n#EXTINF:-1,B\n{ADDRESS}\n"
    )

    assert (first.user_agent, first.referrer) == ("VLC/3", "http://r.invalid")
    assert (second.user_agent, second.referrer) == (None, None)


def test_headers_behind_the_address_are_taken_off_it() -> None:
    (found,) = entries(f"{ADDRESS}|User-Agent=My%20TV%00&Referer=http://r.invalid&x=y")

    assert (found.url, found.user_agent, found.referrer) == (ADDRESS, "My TV", "http://r.invalid")


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
    assert counts == ReadCounts(lines=7, entries=3, too_long=0, without_address=2, undescribed=1)


def test_an_address_on_the_extinf_line_makes_an_entry_that_is_not_counted() -> None:
    first, second = entries(f"#EXTINF:-1,A {ADDRESS}\n#EXTINF:-1,B\n{ADDRESS}\n")

    assert (first.name, first.url, first.index) == ("A", ADDRESS, 0)
    assert (second.name, second.index) == ("B", 0)


@pytest.mark.parametrize("size", [1, 100, 3 * MAX_LINE_BYTES])
def test_a_line_over_64_kib_is_skipped_and_counted_whatever_the_chunks(size: int) -> None:
    counts = ReadCounts()
    long_line = b"#EXTINF:-1," + b"x" * MAX_LINE_BYTES
    data = b"#EXTINF:-1,A\n" + ADDRESS.encode() + b"\n" + long_line + b"\n" + ADDRESS.encode()
    chunks = [data[at : at + size] for at in range(0, len(data), size)]

    found = list(read_entries(chunks, counts=counts))

    assert [one.name for one in found] == ["A", ""]
    assert (counts.too_long, counts.lines) == (1, 4)


def test_a_line_break_in_a_quote_is_joined_only_up_to_64_kib() -> None:
    (found,) = entries('#EXTINF:-1 group-title="A\n' + "x" * MAX_LINE_BYTES + f"\n{ADDRESS}")

    assert found.group == "A"


@given(st.binary(), st.integers(1, 50))
def test_no_bytes_raise_and_chunks_make_no_difference(data: bytes, size: int) -> None:
    chunks = [data[at : at + size] for at in range(0, len(data), size)]

    assert list(read_entries(chunks)) == list(read_entries([data]))


@given(st.text(alphabet="#EXTINF:-1 ,=\"'\\\nhttp://ab|&\x00é", max_size=200))
def test_no_text_raises_and_no_field_holds_what_postgresql_refuses(text: str) -> None:
    for found in entries(text):
        fields = (found.name, found.url, found.group, found.logo, found.user_agent or "")
        assert "\x00" not in "".join(fields)
        assert "".join(fields).encode()


_VALUE = st.text(
    st.characters(exclude_categories=("C", "Z"), exclude_characters="\"'\\=,"), max_size=20
)


@given(name=_VALUE.filter(lambda text: "://" not in text), group=_VALUE, logo=_VALUE)
def test_a_rendered_entry_is_read_as_it_was(name: str, group: str, logo: str) -> None:
    found = entry(f'#EXTINF:-1 tvg-id="" tvg-logo="{logo}" group-title="{group}",{name}')

    assert (found.name, found.group, found.logo) == (name, group, logo)
