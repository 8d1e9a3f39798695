"""One code for each reason."""

from __future__ import annotations

import pytest

from stalkeer.core.reasons import CODE_OF_STATE, WhyNot, code_of
from stalkeer.core.states import ItemState


def test_every_state_has_a_reason() -> None:
    assert CODE_OF_STATE.keys() == set(ItemState)


@pytest.mark.parametrize(
    ("state", "said", "expected"),
    [
        pytest.param(ItemState.NO_MATCH, "", WhyNot.NOT_IN_LISTS, id="of-the-state"),
        pytest.param(ItemState.NO_MATCH, "filtered_out", WhyNot.FILTERED_OUT, id="said"),
        pytest.param(ItemState.WAITING, "disk_full", WhyNot.DISK_FULL, id="error-with-a-code"),
        pytest.param(ItemState.WAITING, "transfer_cut", WhyNot.WAITING_RETRY, id="other-error"),
        pytest.param(ItemState.FAILED, "link_gone", WhyNot.FAILED_N_TIMES, id="given-up"),
    ],
)
def test_a_reason_is_the_most_exact_that_is_known(
    state: ItemState, said: str, expected: WhyNot
) -> None:
    assert code_of(state, said) is expected
