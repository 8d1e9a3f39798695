"""How a person or a container ends a command."""

from __future__ import annotations

import signal
from collections.abc import Callable


def on_signals(act: Callable[[], object]) -> None:
    """Have the first SIGTERM or Ctrl-C call `act` and nothing else; the second ends the process.

    Whoever asks twice does not want to wait, and nothing is lost by a kill.
    """
    numbers = (signal.SIGTERM, signal.SIGINT)

    def heard(*_: object) -> None:
        for number in numbers:
            signal.signal(number, signal.SIG_DFL)
        act()

    for number in numbers:
        signal.signal(number, heard)


def on_hangup(act: Callable[[], object]) -> None:
    """Have SIGHUP call `act`: what a person sends who changed `.env`."""
    signal.signal(signal.SIGHUP, lambda *_: act())
