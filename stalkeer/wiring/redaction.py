"""Tells the log which settings are secrets. Loads neither database nor web, for every command."""

from __future__ import annotations

import re
from urllib.parse import unquote, urlsplit

from stalkeer.log import register_secret
from stalkeer.settings import VARIABLES, Settings

_TOKEN_LENGTH = 12


def register_settings(settings: Settings) -> None:
    """Keep every key and password that was set out of the log."""
    for variable in VARIABLES:
        given = settings.given.get(variable.name)
        if given is None or not variable.is_secret:
            continue
        if "://" not in given.text:
            register_secret(given.text)
            continue
        # Of an address only the password: the host says which one it is, and the log's rules
        # know what else of it may be a key.
        for address in given.text.split():
            register_secret(_password(address))
            if variable.section == "notifications":
                _register_parts(address)


def _password(address: str) -> str:
    try:
        return unquote(urlsplit(address).password or "")
    except ValueError:
        # No address, so it is not known what of it is a secret.
        return address


def _register_parts(address: str) -> None:
    """Of the address of a notification service every part may be a token: `tgram://TOKEN/CHAT`."""
    for part in re.split(r"[/:@?&=]+", address.partition("://")[2]):
        if len(part) >= _TOKEN_LENGTH and "." not in part:
            register_secret(unquote(part))
