"""The closed vocabulary of what providers write around a title: qualities, languages, sources.

Only words listed here are ever taken off a name. Everything else belongs to the title, because a
title that lost a word is the title of another film.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

RESOLUTIONS = {
    "8K": "2160p", "4K": "2160p", "4KUHD": "2160p", "UHD": "2160p", "2160P": "2160p",
    "3840P": "2160p",
    "FHD": "1080p", "FULLHD": "1080p", "1080P": "1080p", "1080I": "1080p", "QHD": "1080p",
    "HD": "720p", "720P": "720p", "HDTV": "720p",
    "SD": "480p", "SDTV": "480p", "576P": "480p", "480P": "480p", "360P": "480p", "LQ": "480p",
    "LOWQ": "480p",
}  # fmt: skip
# Those that are no word of any title, wherever they stand.
EXACT_RESOLUTIONS = {
    word: value for word, value in RESOLUTIONS.items() if word[-1] in "PI" or word in ("4K", "FHD")
}
COUNTRIES = {
    "US": "US", "USA": "US", "UK": "UK", "GB": "UK", "AU": "AU", "CA": "CA", "NZ": "NZ", "IE": "IE",
    "ZA": "ZA",
}  # fmt: skip

_CODES = {
    "EN": "en", "UK": "en", "FR": "fr", "DE": "de", "AT": "de", "CH": "de", "ES": "es", "LAT": "es",
    "MX": "es", "IT": "it", "PT": "pt", "BR": "pt", "NL": "nl", "BE": "nl", "TR": "tr", "RU": "ru",
    "AR": "ar", "IN": "hi", "HI": "hi", "TA": "ta", "TE": "te", "ML": "ml", "KN": "kn", "PB": "pa",
    "PL": "pl", "GR": "el", "EL": "el", "SE": "sv", "SV": "sv", "NO": "no", "DK": "da", "DA": "da",
    "FI": "fi", "RO": "ro", "HU": "hu", "CZ": "cs", "CS": "cs", "SK": "sk", "BG": "bg", "HR": "hr",
    "RS": "sr", "SR": "sr", "SI": "sl", "AL": "sq", "MK": "mk", "UA": "uk", "IL": "he", "HE": "he",
    "IR": "fa", "FA": "fa", "KU": "ku", "PK": "ur", "UR": "ur", "BD": "bn", "JP": "ja", "JA": "ja",
    "KR": "ko", "KO": "ko", "CN": "zh", "ZH": "zh", "TH": "th", "VN": "vi", "PH": "tl", "ID": "id",
    "MY": "ms", "IS": "is", "LT": "lt", "LV": "lv", "EE": "et", "US": "en", "CA": "en", "AU": "en",
    "NZ": "en", "IE": "en", "ZA": "en",
}  # fmt: skip
_LANGUAGE_NAMES = {
    "ENGLISH": "en", "ENG": "en", "FRENCH": "fr", "FRANCAIS": "fr", "FRANÇAIS": "fr", "FRE": "fr",
    "FRA": "fr", "GERMAN": "de", "DEUTSCH": "de", "GER": "de", "DEU": "de", "SPANISH": "es",
    "ESPANOL": "es", "ESP": "es", "SPA": "es", "ITALIAN": "it", "ITALIANO": "it", "ITA": "it",
    "PORTUGUESE": "pt", "PORTUGUES": "pt", "PORTUGUÊS": "pt", "DUTCH": "nl", "NEDERLANDS": "nl",
    "GESPROKEN": "nl", "TURKISH": "tr", "TÜRKÇE": "tr", "TUR": "tr", "RUSSIAN": "ru", "RUS": "ru",
    "ARABIC": "ar", "ARA": "ar", "HINDI": "hi", "HIN": "hi", "TAMIL": "ta", "TAM": "ta",
    "TELUGU": "te", "TEL": "te", "MALAYALAM": "ml", "MAL": "ml", "KANNADA": "kn", "PUNJABI": "pa",
    "BENGALI": "bn", "URDU": "ur", "POLISH": "pl", "POL": "pl", "LEKTOR": "pl", "KOREAN": "ko",
    "KOR": "ko", "JAPANESE": "ja", "JAP": "ja", "JPN": "ja", "CHINESE": "zh", "CHI": "zh",
    "MANDARIN": "zh", "SWEDISH": "sv", "SWE": "sv", "NORWEGIAN": "no", "NORSK": "no",
    "DANISH": "da", "DANSK": "da", "FINNISH": "fi", "SUOMI": "fi", "GREEK": "el", "HEBREW": "he",
    "ROMANIAN": "ro", "HUNGARIAN": "hu", "CZECH": "cs",
}  # fmt: skip
# Names that stand behind titles without brackets and in any case ("Duna Castellano").
_PLAIN_LANGUAGES = {
    "TRUEFRENCH": "fr", "VF": "fr", "VFF": "fr", "VFQ": "fr", "VFI": "fr", "ESPAÑOL": "es",
    "LATINO": "es", "CASTELLANO": "es", "DUBLADO": "pt", "ДУБЛЯЖ": "ru", "MULTI": "multi",
    "MULTIAUDIO": "multi", "MULTILANG": "multi", "DUAL": "multi", "VOSTFR": "fr-sub",
    "SUBFRENCH": "fr-sub", "VOST": "sub", "LEGENDADO": "sub", "MSUB": "multi-sub",
    "OMU": "de-sub", "OMEU": "en-sub", "مترجم": "ar-sub", "DUBLAJ": "tr", "DUBLAJI": "tr",
    "ALTYAZILI": "tr-sub", "ALTYAZI": "tr-sub", "NAPISY": "pl-sub", "TITULKY": "cs-sub",
    "DABING": "cs", "SZINKRON": "hu", "FELIRAT": "hu-sub", "FELIRATOS": "hu-sub",
    "SUBTITULADA": "es-sub", "LEGENDADA": "sub", "DUBLADA": "pt", "DOBLADO": "es", "DOBLADA": "es",
    "DOPPIATO": "it", "SOTTOTITOLATO": "it-sub", "SYNCHRO": "de", "SYNCRO": "de",
}  # fmt: skip
_SUBTITLED = dict.fromkeys(("L", "LEG"), "sub")
_SUBTITLE_WORDS = frozenset(
    {"SUB", "SUBS", "SUBT", "SUBTITLED", "SUBTITLES", "SUBBED", "SUBTITULADO"}
)
_RELEASE_WORDS = """
    BLURAY BLU-RAY BRRIP BDRIP BDREMUX WEB WEB-DL WEBDL WEBRIP WEB-RIP DVDRIP DVD DVDSCR HDRIP HDTC
    HDTS HDCAM CAM CAMRIP TELESYNC X264 X265 H264 H265 H.264 H.265 HEVC AVC AV1 XVID DIVX 10BIT 8BIT
    HDR HDR10 HDR10+ DV DOVI ATMOS DTS DTS-HD TRUEHD AC3 EAC3 AAC DDP DDP5.1 DD5.1 5.1 7.1 REMUX
    PROPER REPACK REMASTERED REMASTER IMAX RAW 60FPS 50FPS HSBS HOU BKP BACKUP LOW VIP PURE HQ NEW
    UNTOUCHED VO OV DUB DUBBED DUBBING AUDIO ÁUDIO مدبلج عائلي
"""
_SOURCE_WORDS = """
    NF NETFLIX AMZ AMZN AMAZON PRIME D+ DSNP DISNEY+ HBO MAX HMAX P+ PMTP PAR+ PARAMOUNT+ A+ ATV+
    ATVP APPLE APPLE+ TV+ HULU PCOK OSN OSN+ STARZ SHO SHAHID STC CR VIU TOD SKY NOW NRC NC BLU TOP
    TUBI MGM+ DISC+ ITVX RKT CRAV STAN STAR+ JIO ZEE5 SONY HOT PPLUS EAR EST CANAL+ C+ MOVISTAR+ M+
    RTL+ JOYN VIAPLAY VIDEOLAND GLOBOPLAY PEACOCK SHUDDER MUBI CRUNCHYROLL KIDS 3D
    AF AFG ALB SO SOM LA EX EXYU EX-YU YU SCAN SC NORDIC LATAM AFR KURD ARM AM GE AZ IND PAK ASIA
"""
_RELEASE = frozenset(_RELEASE_WORDS.split())
_SOURCES = frozenset(_SOURCE_WORDS.split())
# What providers write before a name to say where in their list it stands.
LABELS = frozenset(
    [
        "VOD",
        "FILM",
        "FILMS",
        "FILME",
        "MOVIE",
        "MOVIES",
        "SERIE",
        "SERIES",
        "SERIEN",
        "TV",
        "CINEMA",
        "KINO",
        "KIDS",
        "XMAS",
        "DOCU",
        "DOC",
        "ANIME",
    ]
)
# Tags that are words of titles too: before a title ("IT - Chapter Two", "EX - Machina") …
_LEADING_WORDS = """
    IT NO IS SO IN AT BE HE MY DA LA EX US AM TOP MAX NOW SKY HOT VIP EAR SHO STAN BLU AR ID ASIA
"""
TITLE_WORDS = frozenset(_LEADING_WORDS.split())
# … and behind it ("Cam", "Monday Night Raw"): without brackets they are tags only in capitals.
_CAPITALS_ONLY = frozenset(
    {"CAM", "WEB", "NEW", "LOW", "PURE", "RAW", "DV", "DVD", "BACKUP", "AUDIO", "ÁUDIO", "PROPER"}
    | {"L", "SYNCHRO", "DUBBING"}
    | {"LEG", "VO", "OV", "HQ", "AVC"}
)
_SUFFIX_CODES = {
    "ENG": "en", "ESP": "es", "FRE": "fr", "GER": "de", "ITA": "it", "POR": "pt", "TUR": "tr",
    "SUB": "sub", "MSUB": "multi-sub", "MULTI": "multi",
}  # fmt: skip
_LANGUAGES = _CODES | _LANGUAGE_NAMES | _PLAIN_LANGUAGES | _SUBTITLED
_PLAIN_WORDS = RESOLUTIONS.keys() | _PLAIN_LANGUAGES.keys() | _RELEASE | _SUBTITLE_WORDS
_SPLIT = re.compile(r"[\s,/|&_()]+")
_ENCODER = re.compile(r"[XH]26[45]-\w+")


@dataclass(frozen=True, slots=True)
class Tags:
    """What a text made of tags says; both empty for tags that say nothing we keep."""

    resolution: str | None = None
    languages: tuple[str, ...] = ()


@lru_cache(maxsize=4096)
def read_tags(text: str) -> Tags | None:
    """Read a text that holds tags and nothing else (`FHD MULTI`, `4K-DE`, `Ger Sub`); else None."""
    words = [word for word in _SPLIT.split(text.upper()) if word]
    parts = [part for word in words for part in _parts(word)]
    resolution: str | None = None
    codes: list[str] = []
    for part in parts:
        if part in RESOLUTIONS:
            resolution = greater(resolution, RESOLUTIONS[part])
        elif part in _LANGUAGES:
            codes.append(_LANGUAGES[part])
        elif part in _SUBTITLE_WORDS:
            codes.append("sub")
        elif not is_silent(part):
            return None
    return Tags(resolution, _with_subtitles(codes)) if parts else None


def language_of(word: str) -> str | None:
    """Give the language an upper-case word stands for, or None."""
    return _LANGUAGES.get(word)


def is_silent(word: str) -> bool:
    """Say whether an upper-case word is a tag that says nothing we keep."""
    return word in _RELEASE or word in _SOURCES


def is_title_word(word: str) -> bool:
    """Say whether a tag may as well be the last word of a title (`Tokyo ESP`, `Casi Latino`)."""
    upper = word.upper()
    if upper in _CAPITALS_ONLY or upper in _LANGUAGE_NAMES or upper in _CODES:
        return True
    return word != upper and (upper in _PLAIN_LANGUAGES or upper in _SUBTITLE_WORDS)


def read_suffix(word: str) -> Tags | None:
    """Read what stands after `_`, `--` or `-` at the very end: `eng`, `msub`, `DE`."""
    code = _SUFFIX_CODES.get(word.upper()) or _CODES.get(word.upper())
    return Tags(languages=(code,)) if code else None


def read_last_word(word: str, *, is_behind: bool) -> Tags | None:
    """Read the last word of a name without brackets around it: `FHD`, `MULTI`, `x265-GROUP`.

    `is_behind` says that it follows the year or the episode: there no word of the title stands.
    Language codes of two letters are not read here: it depends on what stands before.
    """
    upper = word.upper()
    if upper in _PLAIN_WORDS:
        return None if upper in _CAPITALS_ONLY and word != upper else read_tags(upper)
    if upper in _LANGUAGE_NAMES or upper in _SUBTITLED:
        return read_tags(upper) if is_behind or word == upper else None
    if _ENCODER.fullmatch(upper):
        return Tags()
    # "MULTI-SUB" and the like: every part must be a tag that needs no brackets.
    is_compound = "-" in upper and all(part in _PLAIN_WORDS for part in upper.split("-"))
    return read_tags(upper) if is_compound else None


def greater(one: str | None, other: str | None) -> str | None:
    """Give the greater of two resolutions: a name that says `HD | 4K` means the latter."""
    return max(one or "", other or "", key=_height) or None


def _height(resolution: str) -> int:
    return int(resolution.rstrip("p") or 0)


def _parts(word: str) -> list[str]:
    if word in _RELEASE or word in _SOURCES:
        return [word]
    return [part for part in word.split("-") if part]


def _with_subtitles(codes: list[str]) -> tuple[str, ...]:
    """Join a language and the word beside it that says subtitles: `AR SUBS` is `ar-sub`."""
    if "sub" in codes and len(codes) > 1:
        codes = [code if "-" in code else f"{code}-sub" for code in codes if code != "sub"]
    return tuple(dict.fromkeys(codes))
