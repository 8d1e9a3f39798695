from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stalkeer.core import filters
from stalkeer.core.filters import Attribute, FilterError, FilterRule, FilterSet, fingerprint

GROUP, NAME = Attribute.GROUP_TITLE, Attribute.TVG_NAME


@pytest.mark.parametrize(
    ("rules", "group", "name", "by"),
    [
        pytest.param([], "Adult", "x", None, id="no-filters"),
        pytest.param([FilterRule("f", GROUP, ("^VOD",))], "VOD FR", "x", None, id="included"),
        pytest.param([FilterRule("f", GROUP, ("^VOD",))], "Live", "x", "f", id="not-included"),
        pytest.param([FilterRule("f", GROUP, (), ("dult",))], "Adult", "x", "f", id="excluded"),
        pytest.param([FilterRule("f", GROUP, (), ("dult",))], "VOD", "x", None, id="not-excluded"),
        pytest.param(
            [FilterRule("f", GROUP, ("VOD",), ("XXX",))], "VOD XXX", "x", "f", id="exclude-wins"
        ),
        pytest.param(
            [FilterRule("a", GROUP, ("FR",)), FilterRule("b", GROUP, ("EN",))],
            "EN films",
            "x",
            None,
            id="includes-of-two-filters-add-up",
        ),
        pytest.param(
            [FilterRule("a", GROUP, ("FR",)), FilterRule("b", GROUP, (), ("EN",))],
            "EN FR",
            "x",
            "b",
            id="the-other-filter-excludes",
        ),
        pytest.param(
            [FilterRule("a", GROUP, ("VOD",)), FilterRule("b", NAME, ("^EN",))],
            "VOD",
            "FR - Heat",
            "b",
            id="both-attributes-must-pass",
        ),
        pytest.param([FilterRule("f", NAME, ("(?i)heat",))], "", "HEAT", None, id="ignores-case"),
        pytest.param(
            [FilterRule("f", GROUP, (), ("Adult",), playlist_id=2)], "Adult", "x", None,
            id="for-another-list",
        ),
        pytest.param(
            [FilterRule("f", GROUP, (), ("Adult",), playlist_id=1)], "Adult", "x", "f",
            id="for-this-list",
        ),
    ],
)  # fmt: skip
def test_the_filter_that_keeps_an_entry_out_is_named(
    rules: list[FilterRule], group: str, name: str, by: str | None
) -> None:
    chosen = FilterSet.compile(rules)

    assert chosen.keeps_out(group=group, tvg_name=name, playlist_id=1) == by
    # And the same again, when the group is remembered.
    assert chosen.keeps_out(group=group, tvg_name=name, playlist_id=1) == by


@pytest.mark.parametrize(
    ("pattern", "reason"),
    [
        pytest.param("(", "missing )", id="open-bracket"),
        pytest.param("(?=x)", "invalid perl operator", id="look-ahead"),
        pytest.param("[z-a]", "invalid character class range", id="empty-range"),
        pytest.param(r"(?:\pL{40}){20}", "too large", id="large-program"),
        pytest.param("a" * 501, "longer than 500 characters", id="long"),
        pytest.param("\ud800", "half a character", id="surrogate"),
    ],
)
def test_a_bad_pattern_is_refused_with_filter_pattern_and_reason(pattern: str, reason: str) -> None:
    rule = FilterRule("my filter", GROUP, (), ("fine", pattern))

    with pytest.raises(FilterError) as caught:
        FilterSet.compile([rule])

    assert "'my filter'" in str(caught.value)
    assert repr(pattern)[:90] in str(caught.value)
    assert reason in str(caught.value)


def test_a_filter_with_too_many_patterns_is_refused() -> None:
    rule = FilterRule("long", NAME, ("x",) * 101)

    with pytest.raises(FilterError, match="101 patterns; 100 is the most"):
        FilterSet.compile([rule])


def test_a_set_without_filters_says_so() -> None:
    assert not FilterSet.compile([])
    assert FilterSet.compile([FilterRule("f", NAME, ("x",))])


def test_what_is_remembered_of_groups_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(filters, "_REMEMBERED", 2)
    chosen = FilterSet.compile([FilterRule("f", GROUP, (), ("[05]",))])

    judged = [
        chosen.keeps_out(group=str(number), tvg_name="", playlist_id=1) for number in range(6)
    ]

    assert judged == ["f", None, None, None, None, "f"]


@given(group=st.text(), name=st.text())
def test_whatever_a_list_says_is_judged(group: str, name: str) -> None:
    chosen = FilterSet.compile([FilterRule("f", GROUP, (".",)), FilterRule("g", NAME, (), ("x",))])

    assert chosen.keeps_out(group=group, tvg_name=name, playlist_id=1) in ("f", "g", None)


def test_other_rules_have_another_fingerprint() -> None:
    one, other = FilterRule("f", GROUP, ("a",)), FilterRule("f", GROUP, ("b",))

    assert fingerprint([one]) == fingerprint([FilterRule("f", GROUP, ("a",))])
    assert len({fingerprint(rules) for rules in ([], [one], [other], [one, other])}) == 4
