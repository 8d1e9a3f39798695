from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from stalkeer.core.outcomes import Past, Step, next_step
from stalkeer.core.states import ItemState

NOW = datetime(2026, 1, 31, 12, tzinfo=UTC)


def past(state: ItemState, *, hours: float = 0, failures: int = 1, **facts: bool) -> Past:
    return Past(state, NOW - timedelta(hours=hours), failures, **facts)


@pytest.mark.parametrize(
    ("before", "step"),
    [
        pytest.param(past(ItemState.SEARCHING), Step.SEARCH, id="never-searched"),
        pytest.param(past(ItemState.UNRELEASED), Step.SEARCH, id="released-now"),
        pytest.param(past(ItemState.WAITING), Step.SEARCH, id="its-job-is-gone"),
        pytest.param(past(ItemState.SEARCHING, is_active=True), Step.NOTHING, id="active"),
        pytest.param(past(ItemState.SEARCHING, is_busy=True), Step.NOTHING, id="in-its-own-queue"),
        pytest.param(past(ItemState.OBTAINED, is_held=True), Step.NOTHING, id="we-hold-the-file"),
        pytest.param(past(ItemState.NO_MATCH, hours=999), Step.NOTHING, id="nothing-found"),
        pytest.param(past(ItemState.TO_CONFIRM, hours=999), Step.NOTHING, id="to-confirm"),
        pytest.param(past(ItemState.CANCELLED, hours=999), Step.NOTHING, id="cancelled"),
        pytest.param(past(ItemState.PAUSED, hours=999), Step.NOTHING, id="paused"),
        pytest.param(past(ItemState.FAILED, hours=23), Step.NOTHING, id="failed-today"),
        pytest.param(past(ItemState.FAILED, hours=24), Step.SEARCH_ANEW, id="failed-a-day-ago"),
        pytest.param(past(ItemState.FAILED, hours=71, failures=2), Step.NOTHING, id="twice-waits"),
        pytest.param(past(ItemState.FAILED, hours=72, failures=2), Step.SEARCH_ANEW, id="twice"),
        pytest.param(past(ItemState.FAILED, hours=167, failures=9), Step.NOTHING, id="often-waits"),
        pytest.param(past(ItemState.FAILED, hours=168, failures=9), Step.SEARCH_ANEW, id="often"),
        pytest.param(past(ItemState.IMPORT_FAILED, hours=0.9), Step.NOTHING, id="refused-just-now"),
        pytest.param(past(ItemState.IMPORT_FAILED, hours=1), Step.IMPORT, id="refused-an-hour-ago"),
        pytest.param(
            past(ItemState.IMPORT_FAILED, hours=6, failures=2), Step.IMPORT, id="refused-twice"
        ),
        pytest.param(
            past(ItemState.IMPORT_FAILED, hours=24, failures=3), Step.IMPORT, id="refused-thrice"
        ),
        pytest.param(
            past(ItemState.IMPORT_FAILED, hours=999, failures=4),
            Step.NOTHING,
            id="refused-for-good",
        ),
        pytest.param(
            past(ItemState.IMPORT_FAILED, failures=4, became_visible=True),
            Step.IMPORT,
            id="the-file-became-visible",
        ),
    ],
)
def test_the_next_reconcile_does_what_the_last_outcome_asks_for(before: Past, step: Step) -> None:
    assert next_step(before, NOW).step is step


def test_what_is_left_alone_says_until_when() -> None:
    waits = next_step(past(ItemState.FAILED, hours=23, failures=1), NOW)

    assert waits.reason == "failed 1x: again after 2026-01-31 13:00"
