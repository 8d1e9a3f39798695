"""How the import calls want a file described. No I/O.

Quality and languages are always present, because the arrs do not defend against null there
(Sonarr: ManualImportController.cs, ManualImportService.cs). Sonarr 3 knows one `language` a file
instead of several `languages`: it gets both, and only it does.
"""

from __future__ import annotations

from stalkeer.arr.shapes import ImportAnswer, Json

_UNKNOWN_QUALITY: Json = {
    "quality": {"id": 0, "name": "Unknown"},
    "revision": {"version": 1, "real": 0, "isRepack": False},
}
_UNKNOWN_LANGUAGE: Json = {"id": 0, "name": "Unknown"}


def import_question(path: str, ids: Json, guess: ImportAnswer) -> Json:
    """Build an element of `POST manualimport`: everything unknown, so that the arr fills it in."""
    return _described(path, ids, ImportAnswer(language=guess.language and _UNKNOWN_LANGUAGE))


def import_file(path: str, ids: Json, verdict: ImportAnswer, guess: ImportAnswer) -> Json:
    """Build an element of the ManualImport command from the verdict, else from the guess.

    `folderName` is empty because Sonarr rejects a file whose folder reads like other episodes.
    """
    return {**_described(path, ids, verdict, guess), "folderName": ""}


def _described(path: str, ids: Json, *opinions: ImportAnswer) -> Json:
    """Describe a file: of every fact, the first opinion that knows it."""
    qualities = [said.quality for said in opinions if _is_known(said.quality.get("quality"))]
    languages = [list(said.languages) for said in opinions if any(map(_is_known, said.languages))]
    file: Json = {
        "path": path,
        **ids,
        "quality": next(iter(qualities), _UNKNOWN_QUALITY),
        "languages": next(iter(languages), [_UNKNOWN_LANGUAGE]),
        "releaseGroup": next((said.release_group for said in opinions if said.release_group), ""),
        "indexerFlags": next((said.indexer_flags for said in opinions if said.indexer_flags), 0),
        "downloadId": "",
    }
    if "seriesId" in ids:
        types = [said.release_type for said in opinions if said.release_type != "unknown"]
        file["releaseType"] = next(iter(types), "unknown")
    if any(said.language for said in opinions):
        spoken = [said.language for said in opinions if _is_known(said.language)]
        file["language"] = next(iter(spoken), _UNKNOWN_LANGUAGE)
    return file


def _is_known(quality_or_language: object) -> bool:
    return isinstance(quality_or_language, dict) and quality_or_language.get("id", 0) != 0
