"""Reading names: the labelled real ones, and every trap that was met."""

from __future__ import annotations

import json
import time
from datetime import date
from pathlib import Path

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from stalkeer.core.items import ContentType
from stalkeer.core.tags import read_tags
from stalkeer.core.titles import EntryKey, entry_keys, parse_name, title_key, url_kind

MOVIE, TVSHOW = ContentType.MOVIE, ContentType.TVSHOW
CHANNEL, UNCATEGORIZED = ContentType.CHANNEL, ContentType.UNCATEGORIZED


# --- what an address tells --------------------------------------------------------------------


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("movie/u/p/1.mkv", "movie"),
        ("movies/u/p/1.mkv", "movie"),
        ("series/u/p/1.mkv", "series"),
        ("live/u/p/1.ts", "live"),
        ("hls/1.m3u8", "live"),
        ("u/p/123", "live"),
        ("u/p/123.ts", "live"),
        ("play/u/p/123/ts", "live"),
        ("channel.m3u8", "live"),
        ("files/heat.mkv", "file"),
        ("dl/1.MP4?token=a.b", "file"),
        ("vod/9001", "file"),
        ("proxy_stream?id=1&type=vod", "file"),
        ("proxy_stream?type=series", "series"),
        ("stream/heat", None),
        ("", None),
    ],
)
def test_an_address_tells_its_kind_by_its_path(path: str, kind: str | None) -> None:
    assert url_kind(f"http://tv.example.invalid:8080/{path}") == kind


def test_an_address_without_a_path_tells_nothing() -> None:
    assert url_kind("http://tv.example.invalid") is None


# --- what an entry is -------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "group", "kind", "content_type"),
    [
        pytest.param("Heat (1995)", "", "movie", MOVIE, id="movie"),
        pytest.param("Heat (1995)", "", None, MOVIE, id="movie-by-default"),
        pytest.param("Dark S01 E01", "Movies", None, TVSHOW, id="marker-beats-group"),
        pytest.param("Dark S01 E01", "", "movie", TVSHOW, id="marker-beats-address"),
        pytest.param("Star Wars: Episódio II (2002)", "", "movie", MOVIE, id="episodio-roman"),
        pytest.param("Star Wars: Episode 4 (1977)", "", None, MOVIE, id="year-behind-episode"),
        pytest.param("One Piece Ep 12", "", "movie", MOVIE, id="weak-marker-of-a-movie"),
        pytest.param("One Piece Ep 12", "", None, TVSHOW, id="weak-marker"),
        pytest.param("10x10 (2019)", "", None, MOVIE, id="cross-at-the-start"),
        pytest.param("Temporada de Caça (2006)", "", None, MOVIE, id="season-word"),
        pytest.param("Best of 2 Seasons", "", None, MOVIE, id="two-seasons"),
        pytest.param("Behind the Scenes", "", "series", UNCATEGORIZED, id="series-no-number"),
        pytest.param("Show 2019", "", "series", UNCATEGORIZED, id="series-with-a-year"),
        pytest.param("CNN HD", "News", "live", CHANNEL, id="live"),
        pytest.param("24/7: Friends", "", None, CHANNEL, id="loop"),
        pytest.param("24H • 911 (2018)", "", None, CHANNEL, id="24-hours"),
        pytest.param("Friends", "24/7 Shows", None, CHANNEL, id="loop-by-group"),
        pytest.param("24 (2001)", "", None, MOVIE, id="24-is-a-title"),
        pytest.param("24: Legacy S01 E05", "", "file", TVSHOW, id="24-begins-a-title"),
        pytest.param("24: Redemption (2008)", "", "file", MOVIE, id="24-begins-a-film"),
        pytest.param("24: Friends", "", None, CHANNEL, id="24-colon-loop"),
        pytest.param("24/7 (2020)", "", "movie", MOVIE, id="a-movie-address-is-no-loop"),
        pytest.param("#### GENERAL HD/4K ####", "", "live", UNCATEGORIZED, id="heading"),
        pytest.param("Heat (1995) - Trailer", "", "movie", UNCATEGORIZED, id="trailer"),
        pytest.param("The Making of Heat (1995)", "", "movie", UNCATEGORIZED, id="making-of"),
        pytest.param("Trailer Park Boys S01E01", "", "series", TVSHOW, id="trailer-is-a-word"),
        pytest.param("", "", "movie", UNCATEGORIZED, id="empty"),
    ],
)
def test_an_entry_is_what_address_name_and_group_say_together(
    name: str, group: str, kind: str | None, content_type: ContentType
) -> None:
    assert parse_name(name, group=group, url_kind=kind).content_type is content_type


def test_a_declared_type_counts_when_the_address_tells_nothing() -> None:
    assert parse_name("CNN", tvg_type="live").content_type is CHANNEL
    assert parse_name("CNN", tvg_type="movies").content_type is MOVIE


# --- films ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "title", "year"),
    [
        ("1917", "1917", None),
        ("1917 (2019)", "1917", 2019),
        ("OSN - 1917 - 2019", "1917", 2019),
        ("1917.2019.1080p.BluRay.x264", "1917", 2019),
        ("|DE| 2067", "2067", None),
        ("|FR|VO| 1922", "1922", None),
        ("2012", "2012", None),
        ("2012 (2009)", "2012", 2009),
        ("EN - 42 - 2013", "42", 2013),
        ("IT - 65 (2023)", "65", 2023),
        ("IT - 2017", "IT", 2017),
        ("It (2017)", "It", 2017),
        ("AKA | 2023", "AKA", 2023),
        ("UFO - 2012", "UFO", 2012),
        ("[REC] (2007)", "[REC]", 2007),
        ("[REC] 2", "[REC] 2", None),
        ("(500) Days of Summer (2009)", "(500) Days of Summer", 2009),
        ("(Des)controle (2026)", "(Des)controle", 2026),
        ("Blade Runner 2049", "Blade Runner 2049", None),
        ("Blade Runner 2049 (2017)", "Blade Runner 2049", 2017),
        ("Wonder Woman 1984 (2020)", "Wonder Woman 1984", 2020),
        ("The Matrix 1999 [4K] (Remastered)", "The Matrix", 1999),
        ("9-1-1 (2018) (US)", "9-1-1", 2018),
        ("11.22.63", "11.22.63", None),
        ("10.000 A.C. (2008)", "10.000 A.C.", 2008),
        ("HIT: 2 (2022)", "HIT: 2", 2022),
        ("DUNE - Part Two", "DUNE - Part Two", None),
        ("INU-OH - 2022", "INU-OH", 2022),
        ("Kick-It", "Kick-It", None),
        ("Made in USA", "Made in USA", None),
        ("NCIS: LA", "NCIS: LA", None),
        ("Rocky II", "Rocky II", None),
        ("Jackass 3D", "Jackass 3D", None),
        ("CAM (2018)", "CAM", 2018),
        ("Cam (2018)", "Cam", 2018),
        ("Title | 2023 | 7.3", "Title", 2023),
        ("Title | 7.3 | 2015", "Title", 2015),
        ("┃NL┃ Title ( 2026 )", "Title", 2026),
        ("| NL | HD | 4K | Title [2021]", "Title", 2021),
        ("EN | 42", "42", None),
        ("UNKNOW | Title", "Title", None),
        ("4K-XYZ - Title (2022", "Title", 2022),
        ("4K-Dune", "Dune", None),
        ("D+ - EN - Title (2024)", "Title", 2024),
        ("DE (4K) - Title", "Title", None),
        ("Netflix: Title", "Title", None),
        ("FI:Title - 2020", "Title", 2020),
        ("Title (1999-2007)", "Title", 1999),
        ("Title (1993) (1993)", "Title", 1993),
        ("Title (2019) (Director's Cut)", "Title", 2019),
        ("Title (2019) UNCUT", "Title", 2019),
        ("Title (2010) [1080p] [5.1] [YTS.MX]", "Title", 2010),
        ("Title (2019) {imdb-tt0084787}", "Title", 2019),
        ("Title (2025)-it", "Title", 2025),
        ("Title --xyz", "Title", None),
        ("-it", "it", None),
        ("Title_With_Lines", "Title With Lines", None),
        ("Title.2010", "Title", 2010),
        ("Title 2010 1080p WEBRip x264-GRP", "Title", 2010),
        ("Title (2024) FR-EN", "Title", 2024),
        ("Title (2024) AF", "Title", 2024),
        ("Title (2024) US", "Title", 2024),
        ("US - Title (2024)", "Title", 2024),
        ("Title (2009) (3D)", "Title", 2009),
        ("Title (2021) Hindi Dubbed", "Title", 2021),
        ("Title MULTI-AUDIO", "Title", None),
        ("THE LAST OF US", "THE LAST OF US", None),
        ("Tom &amp; Jerry (2021).mkv", "Tom & Jerry", 2021),
        ("[COLOR red]Title[/COLOR] (2021)", "Title", 2021),
        ("Le Destin d'AmÃ©lie (2001)", "Le Destin d'Amélie", 2001),
        ("ÃÂ Title", "ÃÂ Title", None),
        ("ᵁᴴᴰ Title ᴴᴰ", "Title", None),
        ("|", "|", None),
    ],
)
def test_a_film_is_read_as_title_and_year(name: str, title: str, year: int | None) -> None:
    parsed = parse_name(name, url_kind="movie")

    assert title_key(parsed.title) == title_key(title)
    assert parsed.year == year


@pytest.mark.parametrize(
    ("name", "readings"),
    [
        pytest.param(
            "Wonder Woman 1984",
            [("Wonder Woman", 1984), ("Wonder Woman 1984", None)],
            id="bare-year",
        ),
        pytest.param(
            "IT - Chapter Two (2019)",
            [("Chapter Two", 2019), ("IT - Chapter Two", 2019)],
            id="prefix-that-is-a-word",
        ),
        pytest.param("Tokyo ESP", [("Tokyo", None), ("Tokyo ESP", None)], id="last-word"),
        pytest.param(
            "NRX - Heat (1995)", [("NRX - Heat", 1995), ("Heat", 1995)], id="unknown-prefix"
        ),
        pytest.param(
            "Origen (Inception) (2010)",
            [("Origen (Inception)", 2010), ("Origen", 2010), ("Inception", 2010)],
            id="two-names",
        ),
        pytest.param(
            "Мумия | The Mummy",
            [("Мумия | The Mummy", None), ("Мумия", None), ("The Mummy", None)],
            id="two-names-and-a-bar",
        ),
        pytest.param(
            "Kill Bill (2003) Vol. 2",
            [("Kill Bill Vol. 2", 2003), ("Kill Bill", 2003)],
            id="words-behind-the-year",
        ),
    ],
)
def test_an_ambiguous_name_has_several_readings(
    name: str, readings: list[tuple[str, int | None]]
) -> None:
    parsed = parse_name(name, url_kind="movie")

    assert [(one.key, one.year) for one in parsed.readings] == [
        (title_key(title), year) for title, year in readings
    ]


@pytest.mark.parametrize(
    ("name", "resolution", "languages"),
    [
        ("Title (FHD VOSTFR)", "1080p", ("fr-sub",)),
        ("Title (2024) SUBT AR", None, ("ar-sub",)),
        ("AR-SUBS - Title", None, ("ar-sub",)),
        ("Title (2013) (Ger Sub)", None, ("de-sub",)),
        ("Title (2010) [L]", None, ("sub",)),
        ("4K-DE - Title", "2160p", ("de",)),
        ("EN - Title (2010) HD MULTI", "720p", ("en", "multi")),
        ("Title_esp", None, ("es",)),
        ("Title HD | 4K", "2160p", ()),
        ("Title (SDTV)", "480p", ()),
        ("Title (Telugu)", None, ("te",)),
        ("Title (US)", None, ()),
    ],
)
def test_tags_say_resolution_and_languages(
    name: str, resolution: str | None, languages: tuple[str, ...]
) -> None:
    parsed = parse_name(name, url_kind="movie")

    assert (parsed.title, parsed.resolution, parsed.languages) == ("Title", resolution, languages)


def test_the_innermost_country_is_that_of_the_title() -> None:
    parsed = parse_name("The Office (UK) (2001) (US) S01E01")

    assert parsed.readings[0].country == "UK"


# --- episodes ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "season", "episodes"),
    [
        ("Show S01 E02", 1, (2,)),
        ("show s1e2", 1, (2,)),
        ("Show S01-E02", 1, (2,)),
        ("Show S01 Ep02", 1, (2,)),
        ("Show S01 Episode 02", 1, (2,)),
        ("Show (S01 E02)", 1, (2,)),
        ("Show 1x02", 1, (2,)),
        ("Show 21x1088", 21, (1088,)),
        ("Show 2x05-06", 2, (5, 6)),
        ("Show Season 1 - Episode 2", 1, (2,)),
        ("Show Staffel 1 Folge 2", 1, (2,)),
        ("Show Temporada 1 Capítulo 2", 1, (2,)),
        ("Show T01 EP02", 1, (2,)),
        ("Show 1 Temporada Ep 2", 1, (2,)),
        ("Show 1ª Temporada Episódio 2", 1, (2,)),
        ("Show 1 сезон 2 серия", 1, (2,)),
        ("Show 1. Sezon 2. Bölüm", 1, (2,)),
        ("Show S01E02E03E04", 1, (2, 3, 4)),
        ("Show S01E02-E04", 1, (2, 3, 4)),
        ("Show S01 E02 - E03", 1, (2, 3)),
        ("Show S01E02-03", 1, (2, 3)),
        ("Show S01E02-720p", 1, (2,)),
        ("Show S00E01", 0, (1,)),
        ("Show S01E00", 1, (0,)),
        ("Show S2024E05", 2024, (5,)),
        ("Show.S01E02.1080p.WEB-DL", 1, (2,)),
        ("[VOSTFR] Show S01E02_fr", 1, (2,)),
        ("Show - S01E02 - The Pilot", 1, (2,)),
        ("S01E02 - Show", 1, (2,)),
    ],
)
def test_season_and_episode_are_read_in_every_way_of_writing(
    name: str, season: int, episodes: tuple[int, ...]
) -> None:
    parsed = parse_name(name, url_kind="series")

    assert (parsed.content_type, parsed.season, parsed.episodes) == (TVSHOW, season, episodes)
    assert title_key(parsed.title) == "show"


@pytest.mark.parametrize(
    "name",
    [
        "Show Ep 103",
        "Show Episode 103",
        "Show - 103",
        "Show 103",
        "Show (103)",
        "Show E103",
        "Show #103",
        "Show 103.Bölüm",
        "Show الحلقة 103",
    ],
)
def test_a_number_without_a_season_is_absolute(name: str) -> None:
    parsed = parse_name(name, url_kind="series")

    assert (parsed.title, parsed.season, parsed.absolute) == ("Show", None, 103)


def test_a_season_named_by_the_group_completes_a_bare_episode() -> None:
    parsed = parse_name("Show E05", group="Show | Season 2", url_kind="series")

    assert (parsed.season, parsed.episodes, parsed.absolute) == (2, (5,), None)


@pytest.mark.parametrize("day", ["2024-01-26", "2024.01.26", "26.01.2024", "26 01 2024"])
def test_a_date_is_an_air_date(day: str) -> None:
    parsed = parse_name(f"The Daily Show - {day}", url_kind="series")

    assert (parsed.title, parsed.air_date) == ("The Daily Show", date(2024, 1, 26))


def test_digits_that_are_no_date_are_none() -> None:
    assert parse_name("Show 2024-13-45", url_kind="series").air_date is None


@pytest.mark.parametrize(
    ("name", "year"),
    [
        ("Show (2019) S01 E01", 2019),
        ("Show S01E01 - 2024", 2024),
        ("Show S01 E01 (2024)", 2024),
        ("Show S01E01 2012", None),
        ("Show S01E01 The Year 2012", None),
    ],
)
def test_a_year_behind_the_episode_counts_unless_it_may_be_the_episodes_title(
    name: str, year: int | None
) -> None:
    assert parse_name(name, url_kind="series").year == year


def test_a_resolution_among_the_words_of_an_episode_title_is_seen() -> None:
    assert parse_name("Show S01E01 - 1080p - Pilot").resolution == "1080p"


# --- the index --------------------------------------------------------------------------------


def test_an_entry_is_indexed_under_every_reading() -> None:
    parsed = parse_name("Wonder Woman 1984", url_kind="movie")

    assert entry_keys(parsed) == (
        EntryKey("wonderwoman", MOVIE, 1984),
        EntryKey("wonderwoman1984", MOVIE, None),
    )


def test_an_episode_is_indexed_with_the_range_it_covers() -> None:
    parsed = parse_name("Dark S01E02-E04", url_kind="series")

    assert entry_keys(parsed) == (EntryKey("dark", TVSHOW, None, 1, 2, 4),)


def test_a_tmdb_poster_is_a_row_of_its_own() -> None:
    parsed = parse_name("Heat (1995)", url_kind="movie")

    rows = entry_keys(parsed, logo="https://image.tmdb.org/t/p/w600_and_h900_bestv2/abc.jpg")

    assert [row.key for row in rows] == ["heat", "poster:abc"]


def test_an_umlaut_is_indexed_in_both_spellings() -> None:
    rows = entry_keys(parse_name("Kühe (2004)", url_kind="movie"))

    assert [row.key for row in rows] == ["kuhe", "kuehe"]


def test_channels_are_not_indexed() -> None:
    assert entry_keys(parse_name("CNN", url_kind="live")) == ()


# --- all real names, and anything else --------------------------------------------------------

KINDS = {"movie": MOVIE, "episode": TVSHOW, "live": CHANNEL, "other": UNCATEGORIZED}
LABELLED = [
    json.loads(line)
    for line in (Path(__file__).parent / "names.jsonl").read_text("utf-8").splitlines()
]


@pytest.mark.parametrize("row", LABELLED, ids=lambda row: row["raw"])
def test_a_real_name_is_read_as_it_was_labelled_by_hand(row: dict[str, object]) -> None:
    expect = row["expect"]
    assert isinstance(expect, dict)

    parsed = parse_name(str(row["raw"]), group=str(row["group"]), url_kind=row["url_kind"])  # type: ignore[arg-type]

    assert parsed.content_type is KINDS[expect["kind"]]
    if "title" in expect:
        assert title_key(parsed.title) == title_key(expect["title"])
        assert parsed.year == expect["year"]
        assert (parsed.season, list(parsed.episodes)) == (expect["season"], expect["episodes"])
        assert parsed.resolution == expect["resolution"]
    if "language" in expect:
        assert list(parsed.languages) == expect["language"]


@given(st.text(max_size=60), st.text(max_size=10), st.sampled_from([None, "movie", "series"]))
def test_no_name_raises_and_readings_are_at_most_four(
    name: str, group: str, kind: str | None
) -> None:
    parsed = parse_name(name, group=group, url_kind=kind)

    assert len(parsed.readings) <= 4
    assert len(entry_keys(parsed)) <= 8


@given(st.text(alphabet="AZ az|-()[]_:.&;4KHDSEx0129é★", max_size=40))
def test_no_decoration_raises(name: str) -> None:
    parse_name(name, url_kind="series")


_TITLES = st.from_regex(r"[A-Z][a-z]{3,9}( [a-z]{3,9}){0,4}", fullmatch=True)
_FRAMES = st.sampled_from(
    ["{} ({})", "EN - {} ({})", "|FR| {} ({}) 4K", "{} | {} | 7.3", "FR ★ {} - {} [4K]"]
)


@given(title=_TITLES, year=st.integers(1900, 2026), frame=_FRAMES)
def test_a_rendered_film_is_read_as_it_was(title: str, year: int, frame: str) -> None:
    # "Kill dual (2003)" cannot be told from a film with two languages.
    assume(read_tags(title.split()[-1]) is None)

    parsed = parse_name(frame.format(title, year), url_kind="movie")

    assert (title_key(parsed.title), parsed.year) == (title_key(title), year)


@pytest.mark.parametrize(
    "piece",
    [" ", "|", "(", "[a", "{", "- ", "1 ", "2019 ", "(2019) ", "S01", "1x", "ep ", "season 1 ", "A.",
     "THE ", "4K-", "EN - ", "tmdb.org/", "&amp;", "Ã©", "_", ".", "http://", "/", "a1/", "?", "é"],
)  # fmt: skip
def test_the_time_for_a_long_name_grows_with_its_length_only(piece: str) -> None:
    text = piece * (60_000 // len(piece))
    started = time.process_time()

    for kind in (None, "movie", "series"):
        entry_keys(parse_name(text, group=text, url_kind=kind, tvg_type=text), logo=text)
    url_kind("http://" + text)

    # What grows with the square takes seconds.
    assert time.process_time() - started < 0.5
