"""What a person may want of one reconcile."""

from __future__ import annotations

import pytest

from stalkeer.core.outcomes import Past
from stalkeer.core.states import ItemState
from stalkeer.jobs.orders import Order
from tests.builders import NOW, movie

EPISODE = {"series_id": 7, "season": 1, "episode": 2}


@pytest.mark.parametrize(
    ("order", "is_meant"),
    [
        pytest.param(Order(), True, id="everything"),
        pytest.param(Order(arr_id=1), True, id="the-item"),
        pytest.param(Order(arr_id=2), False, id="another-item"),
        pytest.param(Order(series_id=7), False, id="no-series"),
    ],
)
def test_an_order_concerns_what_it_names(order: Order, is_meant: bool) -> None:
    assert order.concerns(movie(arr_id=1)) is is_meant


@pytest.mark.parametrize(
    ("order", "past", "is_held", "overrides"),
    [
        pytest.param(Order(), {}, False, False, id="a-schedule-waits"),
        pytest.param(Order(arr_id=1), {}, False, True, id="a-named-item-does-not"),
        pytest.param(Order(series_id=1), {}, False, True, id="nor-a-named-series"),
        pytest.param(Order(arr_id=1), {}, True, False, id="what-we-hold-is-kept"),
        pytest.param(Order(force=True), {}, True, True, id="unless-forced"),
        pytest.param(Order(force=True), {"is_active": True}, True, False, id="work-goes-on"),
        pytest.param(Order(force=True), {"is_busy": True}, False, False, id="in-the-arrs-queue"),
    ],
)
def test_an_order_overrides_waits_and_never_work_under_way(
    order: Order, past: dict[str, bool], is_held: bool, overrides: bool
) -> None:
    stood = Past(ItemState.CANCELLED, NOW, **past)

    assert order.overrides(stood, is_held=is_held) is overrides
