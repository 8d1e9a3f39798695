"""New keys, in place of those that somebody may have seen. The service may run meanwhile.

An old secret key stays in its file behind the new one: it opens older backups, and what another
process sealed a moment ago.
"""

from __future__ import annotations

import secrets

from stalkeer.db.store import Store
from stalkeer.jobs.instances import KnownInstance
from stalkeer.log import register_secret
from stalkeer.settings import Settings
from stalkeer.settings.keys import new_secret, secret_keys, write_secret


def make_anew(settings: Settings, name: str) -> str:
    """Replace a key of the data directory and return the new one."""
    new = new_secret(name, token=secrets.token_urlsafe)
    register_secret(new)
    older = secret_keys(settings) if name == "secret_key" else ()
    write_secret(settings.general.data_dir, name, " ".join([new, *older]))
    return new


def seal_anew(store: Store) -> None:
    """Seal everything with the newest key of the data directory."""
    store.vault.look_again()
    store.sealing.renew()


def new_password(store: Store, instance: KnownInstance) -> str:
    """Give an instance that no setting names another webhook password and return it."""
    new = new_secret("webhook_password", token=secrets.token_urlsafe)
    register_secret(new)
    config = instance.config.model_copy(update={"webhook_password": new})
    store.instances.save(instance.name, config.service, config.model_dump_json())
    return new
