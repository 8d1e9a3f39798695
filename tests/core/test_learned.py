"""Names that a person's word taught."""

from __future__ import annotations

from dataclasses import replace

import pytest

from stalkeer.core.learned import Alias, alias_of
from stalkeer.core.titles import parse_name

GROUP = "Series ES"
TAUGHT = alias_of(parse_name("ES - La Casa de Papel S01 E01", url_kind="series"), GROUP)


def test_a_name_is_taught_as_the_entry_showed_it() -> None:
    assert (
        Alias(key="casadepapel", title="La Casa de Papel", group=GROUP, languages=("es",)) == TAUGHT
    )


def test_a_name_without_a_title_teaches_nothing() -> None:
    assert alias_of(parse_name("####"), GROUP) is None


@pytest.mark.parametrize(
    ("name", "group", "is_shared", "expected"),
    [
        pytest.param("La casa de papel S02 E03", "", False, True, id="another-episode"),
        pytest.param("La Casa de Papel (2017) S02 E03", "", False, False, id="a-year-was-not-there"),
        pytest.param("La Casa de Papel (US) S02 E03", "", False, False, id="another-country"),
        pytest.param("Casa S02 E03", "", False, False, id="another-title"),
        pytest.param("####", "", False, False, id="no-title"),
        pytest.param("ES - La Casa de Papel S02 E03", GROUP, True, True, id="shared-same-group"),
        pytest.param("ES - La Casa de Papel S02 E03", "VOD", True, False, id="shared-other-group"),
        pytest.param("La Casa de Papel S02 E03", GROUP, True, False, id="shared-other-language"),
    ],
)  # fmt: skip
def test_an_entry_of_the_same_name_is_the_same_series(
    name: str, group: str, *, is_shared: bool, expected: bool
) -> None:
    assert TAUGHT is not None
    alias = replace(TAUGHT, is_shared=is_shared)

    assert alias.names(parse_name(name, url_kind="series"), group) is expected
