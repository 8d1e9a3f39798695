"""A media server, an engine whose waits take no time, and one call that fetches with it."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest

from stalkeer.downloader.http import Engine, EngineRules, Fetched, FetchRequest, Progress
from stalkeer.downloader.resume import ResumeState
from stalkeer.outgoing.transport import Resolve, resolve
from tests.standins.media import MediaServer, trusting

RULES = EngineRules(allowed_hosts=frozenset({"127.0.0.1"}), read_step_s=0.02)
HASTY = replace(RULES, stall_timeout_s=0.5, in_attempt_tries=1)
"""For servers that fall silent: the only tests that wait."""


class Middling(random.Random):
    """Chance without chance: waits are neither lengthened nor shortened."""

    def random(self) -> float:
        return 0.5


@dataclass
class Bench:
    """What a fetch needs and what it did: waits in seconds, and everything it told."""

    folder: Path
    rules: EngineRules = RULES
    waits: list[float] = field(default_factory=list)
    told: list[Progress] = field(default_factory=list)
    seen: list[tuple[Path, int]] = field(default_factory=list)
    should_stop: Callable[[], bool] = lambda: False
    boot: str = "boot-1"

    @property
    def part(self) -> Path:
        return self.folder / "7.part"

    @property
    def resume(self) -> ResumeState:
        """The state that was told last."""
        return self.told[-1].resume

    def engine(self, *, resolve: Resolve = resolve) -> Engine:
        return Engine(
            self.rules,
            rng=Middling(),
            resolve=resolve,
            ssl_context=trusting(),
            wait=self.waits.append,
            boot=self.boot,
        )

    def fetch(
        self,
        url: str,
        *,
        resume: ResumeState | None = None,
        expect_media: bool = True,
        max_bytes: int = 10**9,
        referrer: str | None = None,
        on_head: Callable[[Path, int], None] | None = None,
        before_write: Callable[[], object] | None = None,
    ) -> Fetched:
        request = FetchRequest(
            url=url,
            part=self.part,
            resume=resume or ResumeState(),
            user_agent="VLC/3.0.21",
            referrer=referrer,
            max_bytes=max_bytes,
            expect_media=expect_media,
        )
        return self.engine().fetch(
            request,
            on_progress=self.told.append,
            should_stop=self.should_stop,
            on_head=on_head or (lambda part, count: self.seen.append((part, count))),
            before_write=before_write,
        )


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(tmp_path)


@pytest.fixture
def media() -> Iterator[MediaServer]:
    with MediaServer() as server:
        yield server
