"""How the tests of the stand-ins ask them things, as any client would."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx

from tests.standins.arr import Arr

CONTRACT = Path(__file__).parents[1] / "contract"
NOW = datetime(2026, 1, 12, 10, 20, 30, tzinfo=UTC)
WEBDL_1080P = {"quality": {"id": 3, "name": "WEBDL-1080p"}, "revision": {"version": 1}}
ENGLISH = [{"id": 1, "name": "English"}]


def request(arr: Arr[Any], method: str, path: str, **options: Any) -> httpx.Response:
    headers = options.pop("headers", {"X-Api-Key": arr.api_key})
    # Loading the certificates takes longer than all of a test.
    return httpx.request(method, f"{arr.url}{path}", headers=headers, verify=False, **options)


def get(arr: Arr[Any], path: str, /, **query: Any) -> Any:
    answer = request(arr, "GET", f"/api/v3/{path}", params=query or None)
    assert answer.status_code == 200, answer.text
    return answer.json()


def post(arr: Arr[Any], path: str, body: Any) -> Any:
    answer = request(arr, "POST", f"/api/v3/{path}", json=body)
    assert answer.status_code in (200, 201), answer.text
    return answer.json()


def run(arr: Arr[Any], name: str, **fields: Any) -> Any:
    number = post(arr, "command", {"name": name, **fields})["id"]
    arr.settle()
    return get(arr, f"command/{number}")


def write(path: Path, content: bytes = b"a film") -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return path


def recorded(name: str) -> Any:
    return json.loads((CONTRACT / f"{name}.json").read_text())
