"""What a person says that an entry is: written, counted, and searched for at once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import fields
from typing import Any

from stalkeer.core.items import ContentType, ItemKind
from stalkeer.core.jobs import URGENT
from stalkeer.core.matching import fits, lookup_keys
from stalkeer.core.overrides import Override
from stalkeer.core.titles import EntryKey
from stalkeer.db.control import NoSuchRowError
from stalkeer.db.entries import EntryRow
from stalkeer.db.items import Item
from stalkeer.db.learned import target_of
from stalkeer.jobs.services import Services
from stalkeer.jobs.survey import survey_job
from stalkeer.jobs.wanted import SOUGHT, search_job

FIELDS = tuple(field.name for field in fields(Override))
"""What a person may say."""
_KINDS = {ContentType.MOVIE: ItemKind.MOVIE, ContentType.TVSHOW: ItemKind.EPISODE}


def override(services: Services, entry_id: int, said: Mapping[str, Any], *, by: str) -> EntryRow:
    """Write what a person says of an entry and search for the items it may be.

    `said` holds values by the names of `FIELDS`: None takes one back, what is not in it stays.
    Raises `NoSuchRowError`.
    """
    store = services.store
    known = store.entries.get(entry_id)
    if known is None:
        raise NoSuchRowError(f"There is no playlist entry {entry_id}.")
    words = Override.from_json(known.override.to_json() | dict(said))
    keys = store.entries.override(entry_id, words, by=by)
    store.jobs.add(survey_job())
    for item in _fitting(services, keys):
        store.jobs.add_or_find(search_job(item, priority=URGENT))
    services.ring()
    return store.entries.get(entry_id) or known


def _fitting(services: Services, keys: Sequence[EntryKey]) -> list[Item]:
    """Find the items that are still searched for and that would look under one of these keys."""
    by_text = {key.key: key for key in keys}
    kinds = {_KINDS.get(key.content_type) for key in keys}
    if not keys:
        return []
    taught = services.store.learned.all()

    def is_meant(item: Item) -> bool:
        aliases = taught.get(target_of(item.instance, item.wanted), ())
        asked = (by_text[key] for key in lookup_keys(item.wanted, aliases) if key in by_text)
        return item.wanted.kind in kinds and any(fits(item.wanted, key) for key in asked)

    return list(filter(is_meant, services.store.items.in_state(SOUGHT)))
