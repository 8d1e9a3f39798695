"""Secrets sealed in the database, found by their marks, and lost without the key."""

from __future__ import annotations

import pytest

from stalkeer.db.vault import SEALED, Vault, VaultError

SECRET = "http://joe:p%C3%A4ss@h.example.invalid/get.php?password=wört"


def test_what_was_sealed_is_opened_and_is_not_to_be_read() -> None:
    vault = Vault(["key"])

    sealed = vault.seal(SECRET)

    assert sealed.startswith(SEALED)
    assert "joe" not in sealed
    assert "h.example" not in sealed
    assert vault.open(sealed) == SECRET
    assert vault.seal(SECRET) != sealed, "two seals of one text must not look alike"


def test_what_never_was_sealed_is_opened_as_it_is() -> None:
    assert Vault(["key"]).open(SECRET) == SECRET
    assert Vault().open(SECRET) == SECRET


def test_an_empty_text_and_a_vault_without_keys_seal_nothing() -> None:
    assert Vault(["key"]).seal("") == ""
    assert Vault().seal(SECRET) == SECRET
    assert not Vault().can_seal


@pytest.mark.parametrize("keys", [[], ["another"]], ids=["no-key", "wrong-key"])
def test_without_the_key_the_error_names_the_setting_and_what_to_do(keys: list[str]) -> None:
    sealed = Vault(["key"]).seal(SECRET)

    with pytest.raises(VaultError, match=r"Set STALKEER_SECRET_KEY .*secrets/secret_key") as error:
        Vault(keys).open(sealed)

    assert error.value.code == "secret_key_wrong"
    assert not error.value.retryable


def test_a_new_key_seals_and_the_old_one_still_opens() -> None:
    sealed = Vault(["old"]).seal(SECRET)

    both = Vault(["new", "old"])

    assert both.open(sealed) == SECRET
    assert Vault(["new"]).open(both.seal(SECRET)) == SECRET


def test_a_mark_is_the_same_for_a_text_and_another_for_another_text_or_key() -> None:
    vault = Vault(["key"])

    assert vault.mark(SECRET) == vault.mark(SECRET)
    assert len({vault.mark(SECRET), vault.mark("x"), Vault(["b"]).mark(SECRET)}) == 3
    assert len(vault.mark(SECRET)) == 32


def test_what_another_process_sealed_with_a_new_key_opens_without_a_restart() -> None:
    keys = ["old"]
    vault = Vault(keys, read=lambda: keys)
    keys.insert(0, "new")

    assert vault.open(Vault(["new"]).seal(SECRET)) == SECRET
    assert Vault(["new"]).open(vault.seal(SECRET)) == SECRET


def test_a_key_that_nobody_has_is_looked_for_once() -> None:
    vault = Vault(["old"], read=lambda: ["old"])

    with pytest.raises(VaultError):
        vault.open(Vault(["lost"]).seal(SECRET))
