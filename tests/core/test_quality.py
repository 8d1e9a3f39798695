"""Which resolutions a quality profile lets be fetched."""

from __future__ import annotations

import pytest

from stalkeer.core.quality import ANY_QUALITY, Quality, QualityProfile, resolution_of

HD = QualityProfile(
    id=4, name="HD", resolutions=("720p", "1080p"), cutoff="1080p", upgrade_allowed=True
)
# A person may put 2160p before 1080p: then 1080p is the better one.
ODD = QualityProfile(
    id=5, name="odd", resolutions=("2160p", "1080p"), cutoff="1080p", upgrade_allowed=True
)


@pytest.mark.parametrize(
    ("height", "expected"),
    [(0, None), (240, "480p"), (480, "480p"), (576, "480p"), (720, "720p"), (1080, "1080p"),
     (2160, "2160p"), (4320, "2160p")],
)  # fmt: skip
def test_a_number_of_lines_has_one_name(height: int, expected: str | None) -> None:
    assert resolution_of(height) == expected


@pytest.mark.parametrize(
    ("profile", "present", "allowed"),
    [
        pytest.param(HD, None, {"720p", "1080p"}, id="missing"),
        pytest.param(HD, "720p", {"1080p"}, id="better"),
        pytest.param(HD, "1080p", set(), id="best"),
        pytest.param(HD, "480p", {"720p", "1080p"}, id="below-all"),
        pytest.param(ODD, "2160p", {"1080p"}, id="in-the-order-of-the-profile"),
        pytest.param(ODD, "720p", {"2160p", "1080p"}, id="not-in-the-profile"),
    ],
)
def test_a_profile_accepts_its_resolutions_and_only_better_ones_than_the_file(
    profile: QualityProfile, present: str | None, allowed: set[str]
) -> None:
    assert profile.accepts(better_than=present) == frozenset(allowed)


def test_a_profile_without_resolutions_says_nothing() -> None:
    assert QualityProfile(id=1, name="Any").accepts() is None


@pytest.mark.parametrize(
    ("profile", "present", "expected"),
    [
        pytest.param(HD, "720p", True, id="below"),
        pytest.param(HD, "1080p", False, id="at-the-cutoff"),
        pytest.param(HD, "2160p", False, id="above"),
        pytest.param(ODD, "2160p", True, id="in-the-order-of-the-profile"),
        pytest.param(
            QualityProfile(id=1, name="x", resolutions=("720p", "1080p"), cutoff="1080p"),
            "720p",
            False,
            id="upgrades-switched-off",
        ),
        pytest.param(
            QualityProfile(id=1, name="x", resolutions=("1080p",), upgrade_allowed=True),
            "720p",
            False,
            id="no-cutoff",
        ),
    ],
)
def test_a_file_is_replaced_until_the_cutoff(
    profile: QualityProfile, present: str, *, expected: bool
) -> None:
    assert profile.wants_better_than(present) is expected


@pytest.mark.parametrize(
    ("quality", "resolution", "refusal"),
    [
        pytest.param(ANY_QUALITY, "480p", "", id="everything"),
        pytest.param(Quality(frozenset({"1080p"})), "1080p", "", id="allowed"),
        pytest.param(Quality(frozenset({"1080p"})), None, "", id="not-shown"),
        pytest.param(
            Quality(frozenset({"1080p"}), must_show=True),
            None,
            "it shows no resolution, and only a better one is wanted",
            id="must-show",
        ),
        pytest.param(
            Quality(frozenset({"1080p", "720p"})),
            "480p",
            "its resolution 480p is not one the quality profile allows now (720p, 1080p)",
            id="refused",
        ),
        pytest.param(
            Quality(frozenset()),
            "480p",
            "its resolution 480p is not one the quality profile allows now (none better)",
            id="nothing-better",
        ),
    ],
)
def test_a_refusal_says_what_is_allowed(
    quality: Quality, resolution: str | None, refusal: str
) -> None:
    assert quality.refusal(resolution) == refusal
