"""Holds what we send, and what we replay, against the arrs' own API documents.

The documents are not ours to ship. Where a copy lies beside the repository these checks run.
"""

from __future__ import annotations

import json
import re
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from stalkeer.arr.base import Arr, ImportTarget
from stalkeer.arr.radarr import Radarr
from stalkeer.arr.sonarr import Sonarr
from tests.arr.replay import CONTRACT, Replay, radarr, recorded, said, sonarr

DOCUMENTS = Path(__file__).parents[3] / "shared" / "contract"
MOVIE_FILE = (
    "/downloads/stalkeer/Night of the Living Dead (1968)/Night of the Living Dead (1968).mkv"
)
EPISODE_FILE = "/downloads/stalkeer/The Beverly Hillbillies - S01E02.mkv"
RECORDED = [
    entry
    for entry in json.loads((CONTRACT / "api/index.json").read_text())
    if entry["schema"] is not None and (CONTRACT / "api" / entry["file"]).exists()
]

pytestmark = pytest.mark.skipif(
    not DOCUMENTS.exists(), reason=f"no API documents of Radarr and Sonarr in {DOCUMENTS}"
)


@cache
def _schemas(product: str) -> dict[str, Any]:
    document = json.loads((DOCUMENTS / f"{product}-openapi.json").read_text())
    schemas: dict[str, Any] = _with_null_types(document["components"]["schemas"])
    # The document declares the common part of a command's body; each command adds its own.
    schemas["Command"]["additionalProperties"] = True
    return schemas


def _with_null_types(node: Any) -> Any:
    """Turn OpenAPI 3.0's `nullable` into JSON Schema's null type."""
    if isinstance(node, list):
        return [_with_null_types(each) for each in node]
    if not isinstance(node, dict):
        return node
    schema = {key: _with_null_types(value) for key, value in node.items()}
    return {"anyOf": [schema, {"type": "null"}]} if schema.pop("nullable", None) else schema


def _faults(product: str, schema: Any, value: object) -> list[str]:
    """Check a value against a schema by its name, `["X"]` for a list of X, `X+` for X and more."""
    schemas = _schemas(product)
    if isinstance(schema, list):
        wanted: dict[str, Any] = {"type": "array", "items": _reference(schema[0])}
    elif schema.endswith("+"):
        return []
    else:
        wanted = _reference(schema)
    validator = Draft202012Validator(wanted | {"components": {"schemas": schemas}})
    return [f"{fault.json_path}: {fault.message}" for fault in validator.iter_errors(value)]


def _reference(name: str) -> dict[str, str]:
    return {"$ref": f"#/components/schemas/{name}"}


def _imported(client: Arr, path: str, target: ImportTarget) -> None:
    client.start_import(client.verdict(path, target))


def _script(product: str) -> Replay:
    return Replay(
        {
            "GET manualimport": recorded(f"{product}/manualimport-get.accepted.json"),
            "POST manualimport": recorded(f"{product}/manualimport-reprocess.response.json"),
            "POST command": said({"id": 1}, status=201),
        }
    )


@pytest.mark.parametrize("entry", RECORDED, ids=lambda entry: entry["file"])
def test_what_we_replay_is_what_the_documents_describe(entry: dict[str, Any]) -> None:
    body = json.loads((CONTRACT / "api" / entry["file"]).read_text())

    assert _faults(entry["file"].partition("/")[0], entry["schema"], body) == []


def test_what_we_ask_and_order_of_a_movie_file_is_what_radarr_describes() -> None:
    replay = _script("radarr")

    _imported(radarr(replay), MOVIE_FILE, ImportTarget(movie_id=12))

    question, order = replay.sent
    recorded_order = json.loads(recorded("radarr/command-manualimport.request.json").content)
    assert _faults("radarr", ["ManualImportReprocessResource"], question) == []
    assert order["files"][0].keys() == recorded_order["files"][0].keys()
    assert order["importMode"] == "move"


def test_what_we_ask_and_order_of_an_episode_file_is_what_sonarr_describes() -> None:
    replay = _script("sonarr")

    _imported(sonarr(replay), EPISODE_FILE, ImportTarget(series_id=7, episode_ids=(1002,)))

    question, order = replay.sent
    recorded_order = json.loads(recorded("sonarr/command-manualimport.request.json").content)
    assert _faults("sonarr", ["ManualImportReprocessResource"], question) == []
    assert order == recorded_order


@pytest.mark.parametrize("product", ["radarr", "sonarr"])
def test_every_call_we_make_is_in_the_document_with_its_parameters(product: str) -> None:
    paths = json.loads((DOCUMENTS / f"{product}-openapi.json").read_text())["paths"]
    empty_page = said({"totalRecords": 0, "records": []})
    replay = Replay(
        {
            "GET system/status": recorded(f"{product}/system-status.json"),
            "GET wanted/missing": empty_page,
            "GET queue": empty_page,
            **{
                f"GET {path}": said([])
                for path in (
                    "command",
                    "episode",
                    "manualimport",
                    "movie",
                    "notification",
                    "qualityprofile",
                    "rootfolder",
                    "series",
                    "tag",
                )
            },
        }
    )
    client: Radarr | Sonarr = radarr(replay) if product == "radarr" else sonarr(replay)

    client.check_product()
    client.root_folders()
    client.tags()
    client.quality_profiles()
    client.notifications()
    client.busy_items()
    client.sees_file(MOVIE_FILE)
    client.running_import(MOVIE_FILE)
    client.imported_file(ImportTarget(movie_id=12, series_id=7, episode_ids=(1,)))
    client.command(1)
    client.missing()

    for request in replay.requests:
        path = re.sub(r"/\d+$", "/{id}", request.url.path)
        described = paths[path][request.method.lower()].get("parameters", [])
        assert set(request.url.params) <= {each["name"] for each in described}, path
