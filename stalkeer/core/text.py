"""Text from outside, made safe to keep: what no database takes and no person typed goes."""

from __future__ import annotations

import re

# Control characters but tab and line feed, and halves of surrogate pairs: PostgreSQL refuses NUL,
# and no database and no stream can write half a character.
_NOT_TEXT = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff]")


def cleaned(text: str) -> str:
    """Leave out control characters and what is no character at all."""
    return _NOT_TEXT.sub("", text)
