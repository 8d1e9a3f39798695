"""Everything the document allows and much that it forbids, asked of the running application."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.web.conftest import API_KEY, served
from tests.web.seeded import seeded

SEED = os.environ.get("SCHEMATHESIS_SEED", "20260131")
EXAMPLES = os.environ.get("SCHEMATHESIS_EXAMPLES", "2")
CONFIG = """
[generation]
codec = "utf-8"

# More than a schema can say: whether a playlist can be read there, or text is a list; whether an arr
# can be at an address, and a saved key may go there; which key belongs to one instance alone.
[[operations]]
include-path-regex = "^/api/v1/(playlists|dryrun|instances|keys)"
checks.positive_data_acceptance.expected-statuses = [200, 201, 202, 403, 404, 409, 422]

# The Sonarr of this home does not answer.
[[operations]]
include-path-regex = "/search$"
checks.not_a_server_error.expected-statuses = [200, 202, 400, 401, 404, 405, 409, 413, 415, 422, 503]
"""


@contextmanager
def unmeasured() -> Iterator[None]:
    """Start threads without the coverage of before: it would take half of the time."""
    trace = threading.gettrace()
    threading.settrace(None)
    try:
        yield
    finally:
        threading.settrace(trace)


@pytest.mark.timeout(180)
def test_the_application_does_what_the_document_says_whatever_is_asked(
    migrated_file: Path, tmp_path: Path
) -> None:
    config = tmp_path / "schemathesis.toml"
    config.write_text(CONFIG)
    with unmeasured(), seeded(tmp_path, migrated_file) as home, served(home.app) as url:
        run = subprocess.run(
            [
                *(sys.executable, "-c", "from schemathesis.cli import schemathesis as s; s()"),
                *("--config-file", str(config), "run", f"{url}/api/openapi.json"),
                *("--header", f"X-Api-Key: {API_KEY}"),
                *("--checks", "all", "--phases", "examples,coverage,fuzzing"),
                *("--max-examples", EXAMPLES, "--seed", SEED, "--generation-deterministic"),
                *("--continue-on-failure", "--no-color"),
            ],
            cwd=tmp_path,
            # Nothing of ours runs there: to measure it would only take as long again.
            env={name: value for name, value in os.environ.items() if "COVERAGE" not in name},
            capture_output=True,
            text=True,
            timeout=170,
            check=False,
        )

    assert run.returncode == 0, f"seed {SEED}\n{run.stdout[-20000:]}\n{run.stderr[-4000:]}"
