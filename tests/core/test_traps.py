"""The pairs that trap others: names as lists write them, and the item each is, or is not."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from stalkeer.core.items import ItemKind, Series, Wanted
from stalkeer.core.matching import Candidate, Library, MatchRules, library_of_series, rank

TAKE, ASK, NO = "take", "ask", "no"


def film(title: str, year: int, *others: str) -> Wanted:
    return Wanted(
        kind=ItemKind.MOVIE, arr_id=1, title=title, year=year, alternate_titles=tuple(others)
    )


def show(title: str, year: int, season: int, number: int, *others: str, **facts: Any) -> Wanted:
    known: dict[str, Any] = {"seasons": ((1, 24), (2, 24), (3, 24)), "series_type": "standard"}
    return Wanted(
        kind=ItemKind.EPISODE,
        arr_id=70,
        title=title,
        year=year,
        season=season,
        episode=number,
        series_id=7,
        alternate_titles=tuple(others),
        **(known | facts),
    )


def anime(title: str, year: int, season: int, number: int, absolute: int, *others: str) -> Wanted:
    seasons = ((1, 24), (2, 24), (3, 24))
    return show(
        title,
        year,
        season,
        number,
        *others,
        series_type="anime",
        absolute_episode=absolute,
        seasons=seasons,
    )


def daily(title: str, year: int, day: date) -> Wanted:
    return show(title, year, 11, 5, series_type="daily", air_date=day, seasons=((11, 200),))


def band(wanted: Wanted, *names: str, group: str = "", library: Library | None = None) -> str:
    kind = "movie" if wanted.kind is ItemKind.MOVIE else "series"
    entries = [
        Candidate(entry_id=place, name=name, group=group, url_kind=kind, order=place)
        for place, name in enumerate(names)
    ]
    ranking = rank(wanted, entries, library=library or Library(), rules=MatchRules())
    if ranking.taken:
        return TAKE
    return ASK if ranking.to_confirm else NO


FILMS = [
    # Numbers, and years, that are the title.
    (film("1917", 2019), "EN - 1917 (2019) 4K", TAKE),
    (film("1917", 2019), "2067 (2020)", NO),
    (film("2067", 2020), "2067 (2020)", TAKE),
    (film("2067", 2020), "1917 (2019)", NO),
    (film("300", 2007), "300 (2006)", TAKE),
    (film("300", 2007), "300: Rise of an Empire (2014)", NO),
    (film("21", 2008), "21 (2008)", TAKE),
    (film("21", 2008), "21 Jump Street (2012)", NO),
    (film("21", 2008), "21 Grams (2003)", NO),
    (film("9", 2009), "9 (2009)", TAKE),
    (film("Nine", 2009), "9 (2009)", NO),
    (film("1408", 2007), "|FR| 1408 (2007)", TAKE),
    (film("1984", 1984), "1984 (1984)", TAKE),
    (film("1984", 1984), "Wonder Woman 1984 (2020)", NO),
    (film("2001: A Space Odyssey", 1968), "2001: A Space Odyssey (1968) [4K]", TAKE),
    (film("2001: A Space Odyssey", 1968), "2010: The Year We Make Contact (1984)", NO),
    (film("2012", 2009), "2012 (2009)", TAKE),
    (film("2012", 2009), "UFO - 2012", NO),
    (film("UFO", 2012), "UFO - 2012", TAKE),
    (film("Blade Runner 2049", 2017), "DE - Blade Runner 2049 (2017) UHD", TAKE),
    (film("Blade Runner", 1982), "Blade Runner 2049 (2017)", NO),
    (film("Death Race 2000", 1975), "Death Race 2000 (1975)", TAKE),
    (film("Death Race", 2008), "Death Race 2000 (1975)", NO),
    (film("Death Race", 2008), "Death Race 2 (2010)", NO),
    (film("Fahrenheit 451", 1966), "Fahrenheit 451 (2018)", NO),
    (film("Fahrenheit 11/9", 2018), "Fahrenheit 9/11 (2004)", NO),
    (film("10 Things I Hate About You", 1999), "10 Things I Hate About You", TAKE),
    (film("12 Angry Men", 1957), "12 Angry Men (1997)", NO),
    (film("12 Monkeys", 1995, "Twelve Monkeys"), "Twelve Monkeys (1995)", TAKE),
    (film("8½", 1963), "8 1/2 (1963)", TAKE),
    (film("8MM", 1999), "8MM 2 (2005)", NO),
    (film("Apollo 13", 1995), "Apollo 13 (1995) FHD", TAKE),
    (film("Apollo 13", 1995), "Apollo 18 (2011)", NO),
    (film("District 9", 2009), "District 9", TAKE),
    (film("Ocean's Eleven", 2001), "Oceans Eleven (2001)", TAKE),
    (film("Ocean's Eleven", 2001), "Ocean's Eleven (1960)", NO),
    (film("Ocean's Twelve", 2004), "Ocean's Thirteen (2007)", NO),
    (film("Ocean's Eight", 2018, "Ocean's 8"), "Oceans 8 (2018)", TAKE),
    (film("The Number 23", 2007), "The Number 23 (2007)", TAKE),
    (film("U-571", 2000), "U-571 (2000)", TAKE),
    (film("Area 51", 2015), "Area 51 - 2015", TAKE),
    (film("Movie 43", 2013), "Movie 43 2013", TAKE),
    (film("Summer of '42", 1971), "Summer of 42 (1971)", TAKE),
    # Films that look like tags, and tags that look like films.
    (film("65", 2023), "IT - 65 (2023)", TAKE),
    (film("It", 2017), "IT - 65 (2023)", NO),
    (film("It", 2017), "IT (2017)", TAKE),
    (film("It", 2017), "It Follows (2014)", NO),
    (film("It", 1990), "It (2017)", NO),
    (film("It Chapter Two", 2019), "It: Chapter 2 (2019)", TAKE),
    (film("Us", 2019), "US - Us (2019)", TAKE),
    (film("Us", 2019), "US - Up (2009)", NO),
    (film("Up", 2009), "US - Up (2009)", TAKE),
    (film("Her", 2013), "EN: Her (2013)", TAKE),
    (film("Cam", 2018), "Cam (2018)", TAKE),
    (film("Max", 2015), "MAX - Max (2015)", TAKE),
    (film("Top Gun", 1986), "TOP - Top Gun (1986)", TAKE),
    (film("Top Gun", 1986), "Top Gun: Maverick (2022)", NO),
    (film("AKA", 2023), "AKA - 2023", TAKE),
    (film("IO", 2019), "IO - 2019", TAKE),
    (film("Multi-Facial", 1995), "Multi-Facial (1995)", TAKE),
    (film("D.E.B.S.", 2004), "DEBS (2004)", TAKE),
    (film("V for Vendetta", 2006), "V for Vendetta (2005)", TAKE),
    (film("X", 2022), "X (2022)", TAKE),
    (film("X", 2022), "X2 (2003)", NO),
    (film("xXx", 2002), "xXx (2002) VOSTFR", TAKE),
    (film("xXx", 2002), "xXx: Return of Xander Cage (2017)", NO),
    (film("Pi", 1998), "Life of Pi (2012)", NO),
    (film("M", 1931), "M (1931)", TAKE),
    (film("Z", 1969), "Z for Zachariah (2015)", NO),
    # Sequels, parts, remakes.
    (film("The Lost City", 2022), "The Lost King (2022)", NO),
    (film("The Lost City", 2022), "The Lost City of Z (2016)", NO),
    (film("Cars 2", 2011), "Cars 3 (2017)", NO),
    (film("Cars 2", 2011), "Cars 2", TAKE),
    (film("Final Destination", 2000), "Final Destination 5 (2011)", NO),
    (film("The Final Destination", 2009), "Final Destination (2000)", NO),
    (film("Final Destination 3", 2006), "Final Destination III (2006)", TAKE),
    (film("Dune", 2021), "Dune (1984)", NO),
    (film("Dune", 1984), "Dune (2021)", NO),
    (film("Dune", 2021), "Dune: Part One (2021)", NO),
    (film("Dune", 2021, "Dune: Part One"), "Dune: Part One (2021)", TAKE),
    (film("Rocky II", 1979), "Rocky 2 (1979)", TAKE),
    (film("Rocky II", 1979), "Rocky III (1982)", NO),
    (film("Rambo", 2008), "Rambo III (1988)", NO),
    (film("Star Wars: Episode IV - A New Hope", 1977), "Star Wars Episode 4 - A New Hope (1977)", TAKE),
    (film("Star Wars: Episode IV - A New Hope", 1977), "Star Wars: Episode V - The Empire Strikes Back (1980)", NO),
    (film("The Godfather Part II", 1974), "The Godfather: Part 2 (1974)", TAKE),
    (film("The Godfather", 1972), "The Godfather Part II (1974)", NO),
    (film("Kill Bill: Vol. 1", 2003), "Kill Bill Vol.1 (2003)", TAKE),
    (film("Kill Bill: Vol. 1", 2003), "Kill Bill: Volume 2 (2004)", NO),
    (film("Harry Potter and the Deathly Hallows: Part 1", 2010), "Harry Potter and the Deathly Hallows: Part 2 (2011)", NO),
    (film("The Hunger Games", 2012), "The Hunger Games: Mockingjay - Part 1 (2014)", NO),
    (film("The Lion King", 2019), "The Lion King (1994)", NO),
    (film("The Lion King", 1994), "The Lion King 1½ (2004)", NO),
    (film("A Star Is Born", 2018), "A Star Is Born (1976)", NO),
    (film("Suspiria", 2018), "Suspiria (1977)", NO),
    (film("Ghostbusters", 1984), "Ghostbusters: Afterlife (2021)", NO),
    (film("Halloween", 1978), "Halloween (2018)", NO),
    (film("Halloween", 1978), "Halloween II (1981)", NO),
    (film("Scream", 2022), "Scream (1996)", NO),
    (film("The Thing", 1982), "The Thing (2011)", NO),
    (film("Psycho", 1960), "Psycho (1998)", NO),
    (film("Mulan", 2020), "Mulan II (2004)", NO),
    (film("Alien", 1979), "Aliens (1986)", NO),
    (film("Predator", 1987), "Predators (2010)", NO),
    (film("Saw", 2004), "Saw X (2023)", NO),
    (film("Saw X", 2023), "Saw X (2023)", TAKE),
    (film("Fast X", 2023), "FR - Fast X (2023)", TAKE),
    (film("Fast & Furious", 2009), "The Fast and the Furious (2001)", NO),
    (film("Fast & Furious", 2009), "Fast and Furious (2009)", TAKE),
    (film("Bad Boys for Life", 2020), "Bad Boys II (2003)", NO),
    # Articles, ampersands, apostrophes, umlauts, dots, brackets.
    (film("The Matrix", 1999), "Matrix, The (1999)", TAKE),
    (film("The Matrix", 1999), "Matrix (1999)", TAKE),
    (film("The Matrix", 1999), "The Matrix Reloaded (2003)", NO),
    (film("Les Misérables", 2012), "Les Miserables (2012)", TAKE),
    (film("Amélie", 2001, "Le Fabuleux Destin d'Amélie Poulain"), "FR - Le fabuleux destin d’Amélie Poulain (2001)", TAKE),
    (film("Das Boot", 1981), "Das Boot (1981) Director's Cut", TAKE),
    (film("Der Schuh des Manitu", 2001), "DE - Schuh des Manitu, Der (2001)", TAKE),
    (film("Grüße aus Fukushima", 2016), "Gruesse aus Fukushima (2016)", TAKE),
    (film("Håkan Bråkan", 2003), "SE - Hakan Brakan (2003)", TAKE),
    (film("Rødløkk", 2010), "NO - Rodlokk (2010)", TAKE),
    (film("Lilo & Stitch", 2002), "Lilo und Stitch (2002)", TAKE),
    (film("Romeo + Juliet", 1996), "Romeo + Juliet (1996)", TAKE),
    (film("Turner & Hooch", 1989), "Turner and Hooch", TAKE),
    (film("WALL·E", 2008), "WALL-E (2008)", TAKE),
    (film("S1m0ne", 2002), "S1m0ne (2002)", TAKE),
    (film("Se7en", 1995, "Seven"), "Seven (1995)", TAKE),
    (film("[REC]", 2007), "ES - [REC] (2007)", TAKE),
    (film("[REC]", 2007), "[REC]² (2009)", NO),
    (film("(500) Days of Summer", 2009), "(500) Days of Summer (2009)", TAKE),
    (film("(500) Days of Summer", 2009), "500 Days of Summer (2009)", TAKE),
    (film("Birdman or (The Unexpected Virtue of Ignorance)", 2014, "Birdman"), "Birdman (2014)", TAKE),
    (film("tick, tick... BOOM!", 2021), "Tick, Tick...Boom! (2021)", TAKE),
    (film("Mission: Impossible", 1996), "Mission Impossible (1996)", TAKE),
    (film("Mission: Impossible", 1996), "Mission: Impossible II (2000)", NO),
    (film("Face/Off", 1997), "Face Off (1997)", TAKE),
    (film("Spider-Man", 2002), "Spiderman (2002)", TAKE),
    (film("Spider-Man", 2002), "Spider-Man 2 (2004)", NO),
    (film("Good Will Hunting", 1997), "Good.Will.Hunting.1997.1080p.BluRay.x264-GRP", TAKE),
    (film("Léon: The Professional", 1994, "Léon"), "LEON (1994)", TAKE),
    (film("Crouching Tiger, Hidden Dragon", 2000), "Crouching Tiger Hidden Dragon (2000)", TAKE),
    (film("No Country for Old Men", 2007), "NO - No Country for Old Men (2007)", TAKE),
    (film("In the Heights", 2021), "IN - In the Heights (2021)", TAKE),
    (film("Once Upon a Time... in Hollywood", 2019), "Once Upon a Time in Hollywood (2019)", TAKE),
    # Two names in one, and other languages.
    (film("Inception", 2010), "Origen (Inception) (2010)", TAKE),
    (film("The Mummy", 1999), "Мумия | The Mummy (1999)", TAKE),
    (film("The Mummy", 1999), "The Mummy Returns (2001)", NO),
    (film("Money Heist: The Phenomenon", 2020), "Money Heist (2020)", NO),
    (film("The Intouchables", 2011, "Intouchables", "Ziemlich beste Freunde"), "DE - Ziemlich beste Freunde (2011)", TAKE),
    (film("Parasite", 2019, "기생충"), "기생충 (2019)", TAKE),
    (film("Your Name.", 2016, "君の名は。"), "JP: 君の名は。 (2016)", TAKE),
    (film("The Hunt", 2012, "Jagten"), "DK| Jagten (2012)", TAKE),
    (film("The Hunt", 2020), "DK| The Hunt (2012)", NO),
    # Not the film itself.
    (film("Jaws", 1975), "The Making of Jaws (1995)", NO),
    (film("Avatar", 2009), "Avatar - Official Trailer (2009)", NO),
    (film("Frozen", 2013), "Frozen Fever (2015)", NO),
    (film("Shrek", 2001), "Shrek the Halls (2007)", NO),
    (film("Fargo", 1996), "Fargo S01 E01", NO),
]  # fmt: skip


@pytest.mark.parametrize(
    ("wanted", "name", "expected"),
    [pytest.param(*row, id=f"{place} {row[1]}") for place, row in enumerate(FILMS)],
)
def test_a_film_and_no_other_is_found_in_a_name(wanted: Wanted, name: str, expected: str) -> None:
    assert band(wanted, name) == expected


SHOWS = [
    # Country twins.
    (show("The Office (US)", 2005, 2, 3), "The Office (US) S02 E03", TAKE),
    (show("The Office (US)", 2005, 2, 3), "The Office (UK) S02 E03", NO),
    (show("The Office", 2001, 2, 3), "The Office (UK) S02E03", NO),
    (show("The Office (UK)", 2001, 2, 3), "UK - The Office (UK) S02E03", TAKE),
    (show("The Office (UK)", 2001, 2, 3), "The Office US S02E03", NO),
    (show("Shameless (US)", 2011, 1, 4), "Shameless US S01 E04", TAKE),
    (show("Shameless (US)", 2011, 1, 4), "Shameless (GB) S01 E04", NO),
    (show("House of Cards (US)", 2013, 1, 1), "House of Cards (2013) S01 E01", TAKE),
    (show("House of Cards (US)", 2013, 1, 1), "House of Cards (1990) S01 E01", NO),
    (show("Invincible", 2021, 2, 1), "INVINCIBLE (2021) (US) S02 E01", TAKE),
    (show("Ghosts (2021)", 2021, 1, 2), "Ghosts (UK) S01 E02", NO),
    # Remakes and namesakes of another year.
    (show("Battlestar Galactica (2003)", 2003, 1, 1), "Battlestar Galactica (2003) S01 E01", TAKE),
    (show("Battlestar Galactica (2003)", 2003, 1, 1), "Battlestar Galactica (1978) S01 E01", NO),
    (show("Battlestar Galactica (2003)", 2003, 1, 1), "Battlestar Galactica S01 E01", ASK),
    (show("Battlestar Galactica", 1978, 1, 1), "Battlestar Galactica (2003) S01 E01", NO),
    (show("Mistresses (2013)", 2013, 2, 21), "Mistresses S02 E21", ASK),
    (show("Charmed (2018)", 2018, 1, 3), "Charmed (1998) S01 E03", NO),
    (show("Hawaii Five-0", 2010, 1, 5), "Hawaii Five-O (1968) S01 E05", NO),
    (show("Doctor Who (2005)", 2005, 3, 10), "Doctor Who (2005) - S03E10", TAKE),
    (show("Doctor Who (2005)", 2005, 3, 10), "Doctor Who (1963) S03E10", NO),
    (show("Fargo", 2014, 1, 1), "Fargo (2014) S01 E01", TAKE),
    (show("Lost in Space (2018)", 2018, 1, 2), "Lost in Space (1965) S01E02", NO),
    # Numbers as titles.
    (show("24", 2001, 1, 4), "24 S01 E04", TAKE),
    (show("24", 2001, 1, 4), "24: Legacy S01 E04", NO),
    (show("24", 2001, 1, 4), "24/7 S01 E04", NO),
    (show("9-1-1", 2018, 2, 7), "9-1-1 S02 E07", TAKE),
    (show("9-1-1", 2018, 2, 7), "911 S02 E07", NO),
    (show("9-1-1", 2018, 2, 7), "9-1-1: Lone Star S02 E07", NO),
    (show("9-1-1: Lone Star", 2020, 2, 7), "9-1-1 Lone Star (2020) S02E07", TAKE),
    (show("1883", 2021, 1, 3), "1883 S01 E03", TAKE),
    (show("1883", 2021, 1, 3), "1923 S01 E03", NO),
    (show("11.22.63", 2016, 1, 2), "11.22.63 S01 E02", TAKE),
    (show("13 Reasons Why", 2017, 1, 13), "NF - 13 Reasons Why S01 E13", TAKE),
    (show("2 Broke Girls", 2011, 1, 10), "2 Broke Girls - 1x10", TAKE),
    (show("30 Rock", 2006, 3, 4), "30 Rock S03 E04", TAKE),
    (show("3rd Rock from the Sun", 1996, 3, 4), "3rd Rock from the Sun S03 E04", TAKE),
    (show("The 100", 2014, 2, 16), "The 100 S02 E16", TAKE),
    (show("The 100", 2014, 2, 16), "100 Code S02 E16", NO),
    (show("4400", 2021, 1, 4), "The 4400 (2004) S01 E04", NO),
    (show("Space: 1999", 1975, 1, 4), "Space: 1999 S01 E04", TAKE),
    (show("Beverly Hills, 90210", 1990, 1, 4), "Beverly Hills 90210 S01 E04", TAKE),
    (show("Beverly Hills, 90210", 1990, 1, 4), "90210 S01 E04", NO),
    # Spin-offs and series of a longer name.
    (show("CSI: Crime Scene Investigation", 2000, 1, 2), "CSI: Miami S01 E02", NO),
    (show("NCIS", 2003, 2, 2), "NCIS: Los Angeles S02 E02", NO),
    (show("Law & Order", 1990, 3, 2), "Law and Order: SVU S03 E02", NO),
    (show("Law & Order", 1990, 3, 2), "Law and Order S03 E02", TAKE),
    (show("Star Trek", 1966, 1, 2), "Star Trek: Discovery S01 E02", NO),
    (show("The Walking Dead", 2010, 1, 2), "Fear the Walking Dead S01 E02", NO),
    (show("Dexter", 2006, 1, 2), "Dexter: New Blood S01 E02", NO),
    (show("The Good Doctor", 2017, 1, 2, "O Bom Doutor"), "O Bom Doutor S01 E02", TAKE),
    (show("S.W.A.T. (2017)", 2017, 2, 3), "S.W.A.T. (2017) S02 E03", TAKE),
    (show("Marvel's Agents of S.H.I.E.L.D.", 2013, 2, 3), "Marvels Agents of SHIELD S02E03", TAKE),
    (show("M*A*S*H", 1972, 2, 3), "MASH S02 E03", TAKE),
    (show("Money Heist", 2017, 1, 3, "La Casa de Papel"), "ES: La casa de papel S01 E03", TAKE),
    (show("V (2009)", 2009, 1, 3), "V (1984) S01 E03", NO),
    (show("You", 2018, 1, 3), "You Me Her S01 E03", NO),
    # The ways to write an episode.
    (show("Dark", 2017, 1, 5), "Dark S01E05", TAKE),
    (show("Dark", 2017, 1, 5), "Dark - Staffel 1 Folge 5", TAKE),
    (show("Dark", 2017, 1, 5), "Dark Saison 1 Épisode 5", TAKE),
    (show("Dark", 2017, 1, 5), "Dark Temporada 1 Capitulo 5", TAKE),
    (show("Dark", 2017, 1, 5), "Dark Stagione 1 Episodio 5", TAKE),
    (show("Dark", 2017, 1, 5), "Dark 1. Sezon 5. Bölüm", TAKE),
    (show("Dark", 2017, 1, 5), "Dark 1 сезон 5 серия", TAKE),
    (show("Dark", 2017, 1, 5), "Dark T01 EP05", TAKE),
    (show("Dark", 2017, 1, 5), "Dark 1x05 (MULTI)", TAKE),
    (show("Dark", 2017, 1, 5), "Dark S01 E06", NO),
    (show("Dark", 2017, 1, 5), "Dark S11 E05", NO),
    (show("Dark", 2017, 1, 5), "Dark Matter S01 E05", NO),
    (show("Dark", 2017, 1, 5), "Dark S01E04-E06", TAKE),
    (show("Dark", 2017, 1, 5), "Dark S01E04E05", TAKE),
    (show("Dark", 2017, 0, 1), "Dark S00 E01", TAKE),
    (show("Dark", 2017, 0, 1), "Dark S01 E01", NO),
    # Anime and daily shows.
    (anime("One Piece", 1999, 21, 1088 - 891, 1088), "One Piece Ep 1088", TAKE),
    (anime("One Piece", 1999, 21, 197, 1088), "One Piece 21x1088", NO),
    (anime("One Piece", 1999, 2, 8, 69), "One Piece S01E69", TAKE),
    (anime("Naruto", 2002, 2, 1, 25), "Naruto Shippuden Ep 25", NO),
    (anime("Attack on Titan", 2013, 2, 1, 26, "Shingeki no Kyojin"), "Shingeki no Kyojin - 26", TAKE),
    (daily("The Daily Show", 1996, date(2024, 1, 15)), "The Daily Show 2024-01-15", TAKE),
    (daily("The Daily Show", 1996, date(2024, 1, 15)), "The Daily Show 15.01.2024", TAKE),
    (daily("The Daily Show", 1996, date(2024, 1, 15)), "The Daily Show 2024-01-16", NO),
    (daily("Gute Zeiten, schlechte Zeiten", 1992, date(2024, 1, 15)), "Gute Zeiten schlechte Zeiten (15.01.2024)", TAKE),
]  # fmt: skip


@pytest.mark.parametrize(
    ("wanted", "name", "expected"),
    [pytest.param(*row, id=f"{place} {row[1]}") for place, row in enumerate(SHOWS)],
)
def test_an_episode_and_no_other_is_found_in_a_name(
    wanted: Wanted, name: str, expected: str
) -> None:
    assert band(wanted, name) == expected


MISTRESSES = library_of_series(
    [
        Series(id=7, title="Mistresses", year=2008),
        Series(id=8, title="Mistresses (2013)", year=2013),
    ]
)


@pytest.mark.parametrize(
    ("wanted", "names", "expected"),
    [
        pytest.param(
            show("Mistresses", 2008, 2, 1), ("Mistresses S02 E01",), ASK, id="both-in-the-library"
        ),
        pytest.param(
            show("Mistresses", 2008, 2, 1), ("Mistresses (2008) S02 E01",), TAKE, id="its-year"
        ),
        pytest.param(
            show("Mistresses", 2008, 2, 1), ("Mistresses (2013) S02 E01",), NO, id="year-of-other"
        ),
    ],
)
def test_a_name_that_two_series_of_the_library_have_is_told_apart_by_its_year(
    wanted: Wanted, names: tuple[str, ...], expected: str
) -> None:
    assert band(wanted, *names, library=MISTRESSES) == expected
