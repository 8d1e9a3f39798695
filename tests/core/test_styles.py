"""Styles of lists that were written down from memory of many: each must be read, not only matched."""

from __future__ import annotations

import pytest

from stalkeer.core.matching import Candidate, Library, MatchRules, rank
from stalkeer.core.titles import parse_name, title_key
from tests.builders import movie

FILMS: list[tuple[str, str, int | None]] = [
    ('4K-NF - The Gray Man (2022)', 'The Gray Man', 2022),
    ('EN-TOP - Heat (1995)', 'Heat', 1995),
    ('[EN] Heat (1995) [1080p]', 'Heat', 1995),
    ('(EN) Heat 1995', 'Heat', 1995),
    ('UK: Heat [1995]', 'Heat', 1995),
    ('VOD | EN | Heat (1995)', 'Heat', 1995),
    ('VOD: Heat (1995)', 'Heat', 1995),
    ('MOVIE: Heat (1995)', 'Heat', 1995),
    ('FILM - Heat (1995)', 'Heat', 1995),
    ('Heat.1995.MULTi.1080p.BluRay.DTS.x264-GROUP', 'Heat', 1995),
    ('Heat 1995 1080p BluRay x264 YIFY', 'Heat', 1995),
    ('Heat (1995) 1080p BRRip x265 10bit', 'Heat', 1995),
    ('Heat_(1995)_FHD', 'Heat', 1995),
    ('Heat-1995', 'Heat', 1995),
    ('Heat , 1995', 'Heat', 1995),
    ('Heat (1995) imdb 8.3', 'Heat', 1995),
    ('Heat (1995) ⭐8.3', 'Heat', 1995),
    ('Heat (1995) | 8.3/10', 'Heat', 1995),
    ('Heat | 1995 | Action', 'Heat', 1995),
    ('🎬 Heat (1995)', 'Heat', 1995),
    ('Heat (1995) 🇬🇧', 'Heat', 1995),
    ('🇫🇷 Heat (1995)', 'Heat', 1995),
    ('|EN| Heat ᴴᴰ (1995)', 'Heat', 1995),
    ('EN ▎Heat (1995)', 'Heat', 1995),
    ('EN ➾ Heat (1995)', 'Heat', 1995),
    ('EN » Heat (1995)', 'Heat', 1995),
    ('EN ► Heat (1995)', 'Heat', 1995),
    ('EN/FR - Heat (1995)', 'Heat', 1995),
    ('Heat (1995) EN/FR', 'Heat', 1995),
    ('Heat (1995) [Dual Audio]', 'Heat', 1995),
    ('Heat (1995) Legendado', 'Heat', 1995),
    ('Heat (1995) Dublado', 'Heat', 1995),
    ('Heat [DUB]', 'Heat', None),
    ('Heat (CAM)', 'Heat', None),
    ('Heat (HDCAM) (1995)', 'Heat', 1995),
    ('Heat (1995) HDR10+ DV 2160p', 'Heat', 1995),
    ('Heat (1995) Remastered', 'Heat', 1995),
    ('Heat (1995) (Extended Edition)', 'Heat', 1995),
    ('Heat: Extended Cut (1995)', 'Heat: Extended Cut', 1995),
    ('Heat (1995) Blu-Ray', 'Heat', 1995),
    ('DE - Heat (1995) UHD Bluray', 'Heat', 1995),
    ('HEAT', 'HEAT', None),
    ('HEAT - 1995 - FHD', 'HEAT', 1995),
    ('US ★ Heat (1995)', 'Heat', 1995),
    ('SC - Heat (1995)', 'Heat', 1995),
    ('OSN - Heat (1995)', 'Heat', 1995),
    ('4K | Heat (1995)', 'Heat', 1995),
    ('4K: Heat (1995)', 'Heat', 1995),
    ('UHD - Heat (1995)', 'Heat', 1995),
    ('3D - Avatar (2009)', 'Avatar', 2009),
    ('HEVC | Heat (1995)', 'Heat', 1995),
    ('XMAS - Home Alone (1990)', 'Home Alone', 1990),
    ('KIDS: Shrek (2001)', 'Shrek', 2001),
    ('007 - Skyfall (2012)', '007 - Skyfall', 2012),
    ('Collection - Heat (1995)', 'Collection - Heat', 1995),
    ('Heat&#39;s On (1995)', "Heat's On", 1995),
    ('Heat (1995) - EN', 'Heat', 1995),
    ('Heat (1995) [EN]', 'Heat', 1995),
    ('Heat (1995) {EN}', 'Heat', 1995),
    ('Heat (1995) (EN-SUBS)', 'Heat', 1995),
    ('Heat 4K 1995', 'Heat', 1995),
    ('Heat 1995 4K', 'Heat', 1995),
    ('Heat 4K', 'Heat', None),
    ('Heat (4K) (1995)', 'Heat', 1995),
    ('Heat [1995] (4K) [EN]', 'Heat', 1995),
    ('Heat (1995) Multi-Audio', 'Heat', 1995),
    ('Heat (1995) Multi Subs', 'Heat', 1995),
    ('Heat (1995) OmeU', 'Heat', 1995),
    ('Heat (1995) Türkçe Dublaj', 'Heat', 1995),
    ('Heat (1995) TR Dublaj', 'Heat', 1995),
    ('Heat (1995) Napisy PL', 'Heat', 1995),
    ('Heat (1995) Lektor PL', 'Heat', 1995),
    ('Heat (1995) SUB ITA', 'Heat', 1995),
    ('Heat (1995) Sub-ITA', 'Heat', 1995),
    ('Heat (1995) subtitulada', 'Heat', 1995),
    ('Heat (1995) CASTELLANO', 'Heat', 1995),
    ('Heat (1995) LAT', 'Heat', 1995),
    ('Heat (1995) Hindi Dubbed', 'Heat', 1995),
    ("Heat (1995) x265-GRP", "Heat", 1995),
    ("Wonder Woman 1984 2020 1080p WEB x264 GRP", "Wonder Woman 1984", 2020),
    ("Blade Runner 2049 1080p", "Blade Runner 2049", None),
]  # fmt: skip


@pytest.mark.parametrize(("name", "title", "year"), FILMS)
def test_a_film_is_read_out_of_many_styles(name: str, title: str, year: int | None) -> None:
    parsed = parse_name(name, url_kind="movie")

    assert (title_key(parsed.title), parsed.year) == (title_key(title), year)


EPISODES: list[tuple[str, str, int | None, int, tuple[int, ...]]] = [
    ('Netflix - Dark S01E01', 'Dark', None, 1, (1,)),
    ('Prime Video | The Boys S01 E02', 'The Boys', None, 1, (2,)),
    ('EN - The Boys (2019) - S01E02 - Cherry', 'The Boys', 2019, 1, (2,)),
    ('The Boys S01 E02 Cherry', 'The Boys', None, 1, (2,)),
    ('The Boys - S01E02', 'The Boys', None, 1, (2,)),
    ('The Boys.S01E02.1080p.WEB.H264-GRP', 'The Boys', None, 1, (2,)),
    ('The.Boys.S01E02.Cherry.1080p.AMZN.WEB-DL.DDP5.1.H.264-NTb', 'The Boys', None, 1, (2,)),
    ('The Boys [S01E02]', 'The Boys', None, 1, (2,)),
    ('The Boys (S01E02)', 'The Boys', None, 1, (2,)),
    ('The Boys s1 e2', 'The Boys', None, 1, (2,)),
    ('The Boys S1:E2', 'The Boys', None, 1, (2,)),
    ('The Boys S1 Ep2', 'The Boys', None, 1, (2,)),
    ('The Boys S1 Ep. 2', 'The Boys', None, 1, (2,)),
    ('The Boys Season 1 Ep 2', 'The Boys', None, 1, (2,)),
    ('The Boys, Season 1, Episode 2', 'The Boys', None, 1, (2,)),
    ('The Boys - 1. Staffel - Folge 2', 'The Boys', None, 1, (2,)),
    ('The Boys Sezon 1 Bölüm 2', 'The Boys', None, 1, (2,)),
    ('The Boys 1.Sezon 2.Bölüm', 'The Boys', None, 1, (2,)),
    ('The Boys Sezonul 1 Episodul 2', 'The Boys', None, 1, (2,)),
    ('The Boys Sezona 1 Epizoda 2', 'The Boys', None, 1, (2,)),
    ('The Boys Säsong 1 Avsnitt 2', 'The Boys', None, 1, (2,)),
    ('The Boys Seizoen 1 Aflevering 2', 'The Boys', None, 1, (2,)),
    ('The Boys Sezon 1 Odcinek 2', 'The Boys', None, 1, (2,)),
    ('The Boys Σεζόν 1 Επεισόδιο 2', 'The Boys', None, 1, (2,)),
    ('The Boys עונה 1 פרק 2', 'The Boys', None, 1, (2,)),
    ('The Boys فصل 1 قسمت 2', 'The Boys', None, 1, (2,)),
    ('The Boys 第1季 第2集', 'The Boys', None, 1, (2,)),
    ('The Boys 1. évad 2. rész', 'The Boys', None, 1, (2,)),
    ('The Boys 1. série 2. díl', 'The Boys', None, 1, (2,)),
    ('The Boys Série 1 Díl 2', 'The Boys', None, 1, (2,)),
    ('The Boys S01E02-03', 'The Boys', None, 1, (2, 3)),
    ('The Boys S01E02-E03', 'The Boys', None, 1, (2, 3)),
    ('The Boys S01 E02 & E03', 'The Boys', None, 1, (2, 3)),
    ('The Boys 1x02-1x03', 'The Boys', None, 1, (2, 3)),
    ('The Boys S01E02 (2019)', 'The Boys', 2019, 1, (2,)),
    ('The Boys 2019 S01E02', 'The Boys', 2019, 1, (2,)),
    ('The Boys (2019 - 2024) S01 E02', 'The Boys', 2019, 1, (2,)),
    ('The Boys (US) (2019) S01 E02', 'The Boys', 2019, 1, (2,)),
    ('FR: The Boys VF S01E02', 'The Boys', None, 1, (2,)),
    ('The Boys VOSTFR S01 E02', 'The Boys', None, 1, (2,)),
    ('The Boys - Saison 1 - Episode 2 VF', 'The Boys', None, 1, (2,)),
    ('AR - The Boys الموسم 1 الحلقة 2', 'The Boys', None, 1, (2,)),
    ('S01E02 - The Boys', 'The Boys', None, 1, (2,)),
]  # fmt: skip


@pytest.mark.parametrize(("name", "title", "year", "season", "episodes"), EPISODES)
def test_an_episode_is_read_out_of_many_styles(
    name: str, title: str, year: int | None, season: int, episodes: tuple[int, ...]
) -> None:
    parsed = parse_name(name, url_kind="series")

    assert title_key(parsed.title) == title_key(title)
    assert (parsed.year, parsed.season, parsed.episodes) == (year, season, episodes)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("Heat (1995) (Action/Crime)", "take"),
        ("Heat (1995) Al Pacino", "take"),
        ("MARVEL - Heat (1995)", "take"),
        ("12. Heat (1995)", "take"),
        ("EN. Heat (1995)", "take"),
        ("1995 - Heat", "take"),
        ("(1995) Heat", "take"),
        ("XMAS - Heat (1995)", "take"),
        ("Heat (1995) Part 2", "ask"),
        ("Heat (1995) (2)", "ask"),
        ("Heat (1995) Interview", "ask"),
        ("MARVEL - Heat (1986)", "no"),
        ("MARVEL - Heat", "no"),
        ("1986 - Heat", "no"),
        ("KIDS: Heat (1995)", "take"),
        ("Kids: Heat (1995)", "no"),
    ],
)
def test_what_nobody_knows_around_a_title_needs_its_exact_year(name: str, expected: str) -> None:
    entry = Candidate(1, name, "", "movie")

    ranking = rank(movie(), [entry], library=Library(), rules=MatchRules())

    assert ("take" if ranking.taken else "ask" if ranking.to_confirm else "no") == expected
