"""How a person or a container ends a command."""

from __future__ import annotations

import signal
from collections.abc import Callable


def on_signals(act: Callable[[], object]) -> None:
    """Have SIGTERM and Ctrl-C call `act` and nothing else."""

    def heard(*_: object) -> None:
        act()

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, heard)
