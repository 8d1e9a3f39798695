"""Logging: one line an event, and no line with a key, a password or a provider's address in it.

Public: `configure` once at start, `get_logger`, `context`; `redact` and `register_secret` for
every text that leaves the process another way. Our events, uvicorn's and dramatiq's take the
same path: structlog on top of `logging`, with one formatter that redacts.
"""

from __future__ import annotations

import base64
import binascii
import io
import json
import logging
import re
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, Literal, TextIO
from urllib.parse import quote, quote_plus

if TYPE_CHECKING:
    from structlog.stdlib import BoundLogger
    from structlog.typing import EventDict, Processor, WrappedLogger

MASK = "***"
MIN_SECRET_LENGTH = 6

# Addresses also travel as JSON of PHP panels writes them (http:\/\/) and percent-encoded inside
# a query (http%3A%2F%2F). Every pattern below is linear: what repeats cannot match its separator.
_SEP = r"(?:\\?/|%2F)"
_SEGMENT = r"(?:(?!%2F)[^\s/\\?#&\"'<>])+"
_START = rf"(?::|%3A){_SEP}{_SEP}(?:(?!%2F)[^\s/\\?#\"'<>])+"
_VIDEO = r"(?:ts|m3u8|mkv|mp4|avi|mov|m4v|mpg|mpeg|wmv|flv|webm)"
_HIDDEN_ANYWHERE = (
    r"username|password|passwd|pwd|api[-_]?key|(?:\w{1,16}[-_])?token|secret|signature"
)
_HIDDEN_IN_QUERY = r"user|pass|key|auth|sig|login|mac|hash|sid|session|u|p"
_HIDDEN_HEADER = r"(?:proxy-)?authorization|x-api-key|(?:set-)?cookie"

_RULES: tuple[tuple[re.Pattern[str], str], ...] = tuple(
    (re.compile(pattern, re.IGNORECASE), replacement)
    for pattern, replacement in (
        # http://user:password@host
        (rf"((?::|%3A){_SEP}{_SEP})(?:(?!%2F)[^\s/\\?#\"<>])*(?:@|%40)", rf"\1{MASK}@"),
        # /hlsr/token/user/password/…
        (rf"({_SEP}hlsr)(?:{_SEP}{_SEGMENT}){{3}}(?={_SEP})", rf"\1/{MASK}/{MASK}/{MASK}"),
        # /movie/user/password/1.mkv, /timeshift/user/password/60/2024-01-26:20-00/1.ts
        (
            rf"({_SEP}(?:movies?|series|live|play|timeshift|streaming|vod))"
            rf"(?:{_SEP}{_SEGMENT}){{2}}(?={_SEP}{_SEGMENT})",
            rf"\1/{MASK}/{MASK}",
        ),
        # /play/token/ts
        (rf"({_SEP}play){_SEP}{_SEGMENT}(?={_SEP}{_VIDEO}\b)", rf"\1/{MASK}"),
        # http://host/user/password/1, with or without an extension
        (
            rf"({_START})(?:{_SEP}{_SEGMENT}){{2}}(?={_SEP}\d+(?:\.\w+)?(?:[^\w.-]|$))",
            rf"\1/{MASK}/{MASK}",
        ),
        # http://host/panel/user/password/1.ts
        (
            rf"({_START}(?:{_SEP}{_SEGMENT})*?)(?:{_SEP}{_SEGMENT}){{2}}"
            rf"(?={_SEP}\d+\.{_VIDEO}\b)",
            rf"\1/{MASK}/{MASK}",
        ),
        # /d/0123456789abcdef0123456789abcdef/film.mkv
        (rf"({_SEP})(?=[a-z]*\d)\w{{20,}}(?={_SEP})", rf"\1{MASK}"),
        # ?username=…&password=…
        (
            rf"((?:[?&;]|%3F|%26)(?:amp;)?(?:{_HIDDEN_IN_QUERY}|{_HIDDEN_ANYWHERE})(?:=|%3D))"
            r"(?:(?!%26)[^&\s\"'<>#])*",
            rf"\1{MASK}",
        ),
        # Authorization: Basic …, ('X-Api-Key', '…')
        (
            rf"(?<![a-z0-9])((?:{_HIDDEN_HEADER})"
            r"(?:[\"']?\s*[:=]\s*(?:b?[\"'])?|[\"']\s*,\s*b?[\"']))[^\"'\r\n]+",
            rf"\1{MASK}",
        ),
        (r"\b(Bearer )[\w.~+/=-]{8,}", rf"\1{MASK}"),
        # password=…, "api_key": "…", password: …
        (
            rf"(?<![a-z0-9])((?:{_HIDDEN_ANYWHERE})[\"']?\s*[:=]\s*[\"']?)"
            r"(?:(?<=\")(?:\\.|[^\"\\])*|(?<=')(?:\\.|[^'\\])*|[^\s\"'<>&]+)",
            rf"\1{MASK}",
        ),
    )
)
_BASIC = re.compile(r"\b(Basic )([\w+/*-]+=*)", re.IGNORECASE)
_HIDDEN_FIELD = re.compile(rf"(?:\w*[_-])?(?:{_HIDDEN_ANYWHERE}|{_HIDDEN_HEADER})", re.IGNORECASE)

# Control characters, line ends that are none of ASCII, marks that turn the direction of text
# around, and halves of surrogate pairs, which no stream can write.
_UNPRINTABLE = re.compile(
    "[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff\ud800-\udfff]"
)
_PLAIN_VALUE = re.compile(r"[\w./:@%+,*~-]+")

_OWN_LOGGERS = ("uvicorn", "uvicorn.error", "uvicorn.access", "dramatiq")
"""Loggers that may have brought handlers of their own, which do not redact."""
_QUIET_LOGGERS = ("httpx", "httpcore", "peewee", "apprise", "requests", "urllib3")
"""Loggers that write addresses or rows at info or debug level."""

_secret_forms: tuple[str, ...] = ()


def configure(level: str, log_format: Literal["text", "json"], *, stream: TextIO) -> None:
    """Send every event of the process to the stream; calling it again replaces what was set.

    Every command calls it before it does anything else: structlog as it comes prints to stdout
    and redacts nothing.
    """
    # Late, here and below: who only redacts or escapes starts a tenth of a second sooner.
    import structlog
    from structlog.stdlib import BoundLogger, ProcessorFormatter

    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.stdlib.PositionalArgumentsFormatter(),
    ]
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            *shared,
            structlog.processors.StackInfoRenderer(),
            ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=BoundLogger,
    )
    formatter = ProcessorFormatter(
        foreign_pre_chain=shared,
        processors=[
            ProcessorFormatter.remove_processors_meta,
            structlog.processors.format_exc_info,
            _redact_event,
            _RENDERERS[log_format],
        ],
    )
    _install(formatter, level, stream)


def set_level(level: str) -> None:
    """Log from this level on; one that `--verbose` made louder stays."""
    if logging.getLogger().level > logging.DEBUG:
        logging.getLogger().setLevel(level.upper())


def set_format(log_format: Literal["text", "json"]) -> None:
    """Write events in this form from now on."""
    from structlog.stdlib import ProcessorFormatter

    for handler in logging.getLogger().handlers:
        formatter = handler.formatter
        if isinstance(handler, _Handler) and isinstance(formatter, ProcessorFormatter):
            formatter.processors = (*formatter.processors[:-1], _RENDERERS[log_format])


def get_logger(name: str) -> BoundLogger:
    """Make the logger of a module: `log = get_logger(__name__)`."""
    import structlog

    logger: BoundLogger = structlog.get_logger(name)
    return logger


def context(**fields: object) -> AbstractContextManager[None]:
    """Add the fields to every event of this thread or task while the block lasts."""
    from structlog.contextvars import bound_contextvars

    return bound_contextvars(**fields)


def register_secret(value: str) -> None:
    """Never write this value again, in any usual encoding, also inside other text.

    A value shorter than 6 characters is not taken: it would blank ordinary words.
    """
    global _secret_forms  # noqa: PLW0603 -- the one place that must know every secret
    if len(value) < MIN_SECRET_LENGTH:
        return
    forms = {*_secret_forms, *_forms(value)}
    # The longest first, so that no form leaves the rest of a longer one behind.
    _secret_forms = tuple(sorted(forms, key=len, reverse=True))


def redact(text: str) -> str:
    """Replace what may be a credential by `***`; the host and number of an entry stay.

    `http://joe:pw@host.example.invalid/movie/joe/pw/7.mkv?token=t` becomes
    `http://***@host.example.invalid/movie/***/***/7.mkv?token=***`.
    """
    for form in _secret_forms:
        text = text.replace(form, MASK)
    for pattern, replacement in _RULES:
        text = pattern.sub(replacement, text)
    return _BASIC.sub(_mask_basic, text)


def escape(text: str) -> str:
    """Make text safe for one line of a terminal: `\\n`, `\\x1b`, `\\u202e` as they stand here."""
    return _UNPRINTABLE.sub(lambda found: _escaped(found[0]), text)


def _escaped(character: str) -> str:
    return character.encode("unicode_escape").decode("ascii")


def _mask_basic(found: re.Match[str]) -> str:
    # Of a password that is known, letters that it shares with its neighbours are left.
    if MASK in found[2]:
        return found[1] + MASK
    # "Basic authentication" is no credential; base64 of "user:password" is.
    word = found[2].rstrip("=")
    try:
        decoded = base64.b64decode(word + "=" * (-len(word) % 4), altchars=b"-_")
    except binascii.Error:
        return found[0]
    return found[1] + MASK if b":" in decoded else found[0]


def _forms(value: str) -> Iterator[str]:
    yield value
    yield json.dumps(value)[1:-1]
    for encoded in (quote(value, safe=""), quote(value), quote_plus(value)):
        yield encoded
        yield re.sub(r"%[0-9A-F]{2}", lambda found: found[0].lower(), encoded)
    for raw in {value.encode("utf-8", "replace"), value.encode("latin-1", "replace")}:
        yield from _base64_forms(raw)


def _base64_forms(raw: bytes) -> Iterator[str]:
    """Encode the bytes as they look inside longer base64, after 0, 1 or 2 other bytes."""
    for before in range(3):
        # Of the letters at either end some bits belong to the neighbours.
        whole = base64.b64encode(bytes(before) + raw).decode("ascii").rstrip("=")
        last = len(whole) if (before + len(raw)) % 3 == 0 else -1
        inner = whole[(0, 2, 3)[before] : last]
        yield inner
        yield inner.replace("+", "-").replace("/", "_")


class _Handler(logging.StreamHandler[TextIO]):
    """Writes to the stream; what cannot be written is named, and never shown unredacted."""

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802 -- logging's name
        """Say which logger failed: the usual report would show the arguments of the event."""
        reason = type(sys.exc_info()[1]).__name__
        self.stream.write(f"an event of {record.name} could not be written: {reason}\n")


def _install(formatter: logging.Formatter, level: str, stream: TextIO) -> None:
    if isinstance(stream, io.TextIOWrapper):
        # A terminal without UTF-8 must not lose the events of films with accents.
        stream.reconfigure(errors="backslashreplace")
    handler = _Handler(stream)
    handler.setFormatter(formatter)
    root = logging.getLogger()
    root.handlers = [*(old for old in root.handlers if not isinstance(old, _Handler)), handler]
    root.setLevel(level.upper())
    for name in _OWN_LOGGERS:
        logging.getLogger(name).handlers = []
        logging.getLogger(name).propagate = True
    for name in _QUIET_LOGGERS:
        logging.getLogger(name).setLevel(logging.WARNING)


def _redact_event(_: WrappedLogger, __: str, event: EventDict) -> EventDict:
    return {key: _redact_field(key, value) for key, value in event.items()}


def _redact_field(key: str, value: object) -> object:
    return MASK if _HIDDEN_FIELD.fullmatch(key) else _redact_value(value)


def _redact_value(value: object) -> object:
    if value is None or isinstance(value, bool | int | float):
        return value
    if isinstance(value, Mapping):
        return {str(key): _redact_field(str(key), inner) for key, inner in value.items()}
    if isinstance(value, tuple) and len(value) == 2:
        # Headers are often pairs, and then the name alone tells that the value is a secret.
        name = value[0].decode("latin-1") if isinstance(value[0], bytes) else str(value[0])
        return [_redact_value(value[0]), _redact_field(name, value[1])]
    if isinstance(value, list | tuple | set | frozenset):
        return [_redact_value(inner) for inner in value]
    return redact(str(value))


def _render_json(_: WrappedLogger, __: str, event: EventDict) -> str:
    # Pure ASCII: JSON's own escapes take care of everything a terminal would act on.
    return json.dumps(event)


def _render_text(_: WrappedLogger, __: str, event: EventDict) -> str:
    time, level, name = (event.pop(key, "") for key in ("timestamp", "level", "logger"))
    words = [f"{time} {level:<7} {event.pop('event', '')}"]
    words += [f"{key}={_as_word(value)}" for key, value in event.items()]
    return escape(" ".join([*words, f"[{name}]"]))


def _as_word(value: object) -> str:
    if isinstance(value, str) and _PLAIN_VALUE.fullmatch(value):
        return value
    return json.dumps(value, ensure_ascii=False)


_RENDERERS: dict[str, Callable[[WrappedLogger, str, EventDict], str]] = {
    "text": _render_text,
    "json": _render_json,
}
