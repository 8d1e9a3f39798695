"""Every kind of answer of a media server, and what follows from it."""

from __future__ import annotations

from dataclasses import replace

import httpx
import pytest

from stalkeer.downloader.answers import (
    LONGEST_WAIT_S,
    AskAgain,
    BadRange,
    Body,
    Changed,
    ContentRange,
    Finished,
    Head,
    Verdict,
    judge,
    parse_content_range,
    parse_retry_after,
    read_head,
    refusal,
)
from stalkeer.downloader.errors import (
    LinkForbiddenError,
    LinkGoneError,
    NotMediaError,
    ProviderBusyError,
    ProviderDownError,
    TransferCutError,
)
from stalkeer.downloader.resume import Ask, ResumeState
from stalkeer.errors import StalkeerError

KNOWN = ResumeState(total_bytes=1000, etag='"a"', origin="h")
RESUME = Ask(400, '"a"')
HAVE = 500
GOOD = Head(
    status=206,
    content_length=600,
    content_range=ContentRange(400, 1000, 1000),
    etag='"a"',
)
OK = Head(status=200, content_length=1000, etag='"a"')


def body(start: int, end: int | None, state: ResumeState = KNOWN) -> Body:
    return Body(start, end, state)


@pytest.mark.parametrize(
    ("head", "verdict"),
    [
        pytest.param(GOOD, body(400, 1000), id="07-as-asked"),
        pytest.param(
            replace(GOOD, content_range=ContentRange(400, 1000, None)),
            body(400, 1000),
            id="07-total-not-said",
        ),
        pytest.param(
            replace(GOOD, content_range=ContentRange(300, 1000, 1000), content_length=700),
            body(300, 1000),
            id="08-starts-earlier",
        ),
        pytest.param(
            replace(GOOD, content_range=ContentRange(450, 1000, 1000), content_length=None),
            body(450, 1000),
            id="08-starts-within-what-we-have",
        ),
        pytest.param(
            replace(GOOD, content_range=ContentRange(600, 1000, 1000), content_length=400),
            BadRange("its range starts too late"),
            id="09-starts-later",
        ),
        pytest.param(
            replace(GOOD, content_range=ContentRange(500, 1000, 1000), content_length=500),
            BadRange("its range starts too late"),
            id="09-no-overlap-to-compare",
        ),
        pytest.param(
            replace(GOOD, content_range=None),
            BadRange("it sends a range without saying which"),
            id="09-no-content-range",
        ),
        pytest.param(
            replace(GOOD, content_range=ContentRange(400, 400, 1000)),
            BadRange("it sends an impossible range"),
            id="09-empty-range",
        ),
        pytest.param(
            replace(GOOD, content_range=ContentRange(400, 1001, 1000)),
            BadRange("it sends an impossible range"),
            id="09-range-behind-the-end",
        ),
        pytest.param(
            replace(GOOD, content_type="multipart/byteranges"),
            BadRange("it sends several ranges at once"),
            id="09-multipart",
        ),
        pytest.param(
            replace(GOOD, content_length=599),
            BadRange("the length of its range is wrong"),
            id="09-other-length",
        ),
        pytest.param(
            replace(GOOD, content_range=ContentRange(400, 1000, 2000)),
            Changed("it has 2000 bytes instead of 1000"),
            id="10-other-total",
        ),
        pytest.param(
            replace(GOOD, etag='"b"'),
            Changed("its ETag or date is another one"),
            id="10-other-etag",
        ),
        pytest.param(
            replace(GOOD, content_range=ContentRange(400, 700, 1000), content_length=300),
            body(400, 700),
            id="11-shorter-than-asked",
        ),
        pytest.param(
            Head(status=200, content_length=1000, etag='"b"'),
            body(0, 1000, replace(KNOWN, etag='"b"')),
            id="12-whole-of-another-version",
        ),
        pytest.param(
            Head(status=200, content_length=2000, etag='"b"'),
            Body(0, 2000, replace(KNOWN, etag='"b"', total_bytes=2000), is_changed=True),
            id="12-whole-of-another-size",
        ),
        pytest.param(
            OK,
            AskAgain(replace(KNOWN, no_if_range=True), "it ignores If-Range"),
            id="13-no-if-range",
        ),
        pytest.param(replace(GOOD, status=200), body(400, 1000), id="14-200-with-content-range"),
        pytest.param(
            Head(status=416, known_total=500), Finished(replace(KNOWN, total_bytes=500)), id="16"
        ),
        pytest.param(
            Head(status=416, known_total=450), Changed("it has 450 bytes now"), id="17-other-total"
        ),
        pytest.param(
            Head(status=416),
            AskAgain(replace(KNOWN, no_range=True), "it answers 416 to every range"),
            id="18-no-total",
        ),
        pytest.param(
            replace(GOOD, is_encoded=True),
            BadRange("it sends ranges of compressed data"),
            id="19-compressed",
        ),
        pytest.param(
            Head(status=200, is_chunked=True, etag='"b"'),
            body(0, None, replace(KNOWN, total_bytes=None, etag='"b"')),
            id="20-no-length",
        ),
        pytest.param(
            replace(GOOD, content_range=ContentRange(400, 500, 500), content_length=100),
            body(400, 500, replace(KNOWN, total_bytes=500)),
            id="36-ends-where-our-file-does",
        ),
    ],
)
def test_verdict_on_the_answer_to_a_resume(head: Head, verdict: Verdict) -> None:
    assert judge(head, RESUME, KNOWN, HAVE) == verdict


def test_a_200_to_a_range_without_validator_is_compared_from_its_start() -> None:
    verdict = judge(OK, Ask(400), replace(KNOWN, no_if_range=True), HAVE)

    assert verdict == body(0, 1000, replace(KNOWN, no_if_range=True))


def test_a_first_answer_teaches_size_and_validators() -> None:
    head = Head(status=200, content_length=9, etag='"x"', last_modified="Tue")

    verdict = judge(head, Ask(), ResumeState(), 0)

    assert verdict == body(0, 9, ResumeState(total_bytes=9, etag='"x"', last_modified="Tue"))


def test_a_range_teaches_what_was_not_known() -> None:
    verdict = judge(GOOD, Ask(400), ResumeState(), HAVE)

    assert verdict == body(400, 1000, ResumeState(total_bytes=1000, etag='"a"'))


def test_etags_of_a_server_that_makes_one_for_each_answer_count_for_nothing() -> None:
    distrusted = replace(KNOWN, etag=None, no_if_range=True)

    assert judge(replace(GOOD, etag='"z"'), Ask(400), distrusted, HAVE) == body(
        400, 1000, distrusted
    )
    assert judge(replace(OK, etag='"z"'), Ask(), distrusted, HAVE) == body(0, 1000, distrusted)


def test_another_date_without_etags_is_another_version() -> None:
    state = replace(KNOWN, etag=None, last_modified="Tue")
    head = replace(GOOD, etag=None, last_modified="Wed")

    assert judge(head, Ask(400, "Tue"), state, HAVE) == Changed("its ETag or date is another one")


def test_a_416_to_a_question_for_everything_is_no_answer() -> None:
    verdict = judge(Head(status=416, known_total=7), Ask(), KNOWN, HAVE)

    assert verdict == BadRange("it answers 416 to a question without range")


def test_a_date_alone_tells_that_if_range_was_ignored() -> None:
    state = replace(KNOWN, etag=None, last_modified="Tue")
    head = Head(status=200, content_length=1000, last_modified="Tue")

    verdict = judge(head, Ask(400, "Tue"), state, HAVE)

    assert verdict == AskAgain(replace(state, no_if_range=True), "it ignores If-Range")


@pytest.mark.parametrize("status", [200, 206, 416])
def test_an_answer_with_a_file_is_no_refusal(status: int) -> None:
    assert refusal(Head(status=status)) is None


@pytest.mark.parametrize(
    ("status", "error", "tries"),
    [
        (401, LinkForbiddenError, 0),
        (403, ProviderBusyError, 0),
        (404, LinkGoneError, 0),
        (410, LinkGoneError, 0),
        (451, LinkGoneError, 0),
        (408, ProviderDownError, 1000),
        (425, ProviderDownError, 1000),
        (429, ProviderBusyError, 0),
        (450, ProviderBusyError, 0),
        (456, ProviderBusyError, 0),
        (458, ProviderBusyError, 0),
        (462, ProviderBusyError, 0),
        (500, ProviderDownError, 1000),
        (503, ProviderDownError, 1000),
        (509, ProviderBusyError, 0),
        (512, ProviderBusyError, 0),
        (513, ProviderBusyError, 0),
        (520, ProviderDownError, 1000),
        (530, ProviderDownError, 1000),
        (884, ProviderBusyError, 0),
        (204, NotMediaError, 2),
        (304, TransferCutError, 2),
        (400, TransferCutError, 2),
    ],
)
def test_every_status_without_a_file_has_its_error(
    status: int, error: type[StalkeerError], tries: int
) -> None:
    setback = refusal(Head(status=status, host="film.example.invalid"))

    assert setback is not None
    assert type(setback.error) is error
    assert setback.tries == tries
    assert "film.example.invalid" in str(setback)
    assert str(status) in str(setback)


@pytest.mark.parametrize("status", [403, 429, 458, 509])
def test_how_long_a_busy_panel_is_left_alone_is_the_callers_choice_when_it_does_not_say(
    status: int,
) -> None:
    setback = refusal(Head(status=status))

    assert setback is not None
    assert isinstance(setback.error, ProviderBusyError)
    assert (setback.error.retry_in_s, setback.error.status) == (None, status)


@pytest.mark.parametrize("status", [429, 503])
def test_a_short_wait_is_sat_out_and_a_long_one_goes_to_the_caller(status: int) -> None:
    short = refusal(Head(status=status, retry_after_s=30))
    long = refusal(Head(status=status, retry_after_s=31))

    assert short is not None
    assert (short.tries, short.wait_s) == (1000, 30)
    assert long is not None
    assert (long.tries, long.error.retry_in_s) == (0, 31)
    assert isinstance(long.error, ProviderBusyError)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("bytes 5-9/20", ContentRange(5, 10, 20)),
        ("BYTES 5-9/*", ContentRange(5, 10, None)),
        ("bytes */20", None),
        ("bytes 5-9", None),
        ("bytes -9/20", None),
        ("lines 5-9/20", None),
        ("bytes ５-9/20", None),
        ("bytes 5-9999999999999999999/*", None),
        ("", None),
    ],
)
def test_content_range_is_read_or_ignored(text: str, expected: ContentRange | None) -> None:
    assert parse_content_range(text) == expected


SENT = "Wed, 02 Jan 2019 00:00:00 GMT"


def headers(**values: str) -> httpx.Headers:
    return httpx.Headers({name.replace("_", "-"): value for name, value in values.items()})


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("120", 120),
        ("0", 0),
        ("99999999", LONGEST_WAIT_S),
        ("Wed, 02 Jan 2019 00:01:00 GMT", 60),
        ("Tue, 01 Jan 2019 00:00:00 GMT", 0),
        ("Wed, 02 Jan 2019 00:01:00 -0000", 60),
        ("soon", None),
        ("-5", None),
        ("", None),
    ],
)
def test_retry_after_is_seconds_or_a_date_and_at_most_a_day(
    text: str, seconds: float | None
) -> None:
    assert read_head(503, headers(retry_after=text, date=SENT), host="h").retry_after_s == seconds


def test_a_date_to_retry_at_needs_the_date_of_the_answer() -> None:
    assert parse_retry_after("Wed, 02 Jan 2019 00:01:00 GMT", None) is None


@pytest.mark.parametrize(
    ("etag", "kept"),
    [('"a"', '"a"'), ('W/"a"', None), ("a", None), ('"a b"', None), ('""', '""')],
)
def test_only_a_strong_etag_is_kept(etag: str, kept: str | None) -> None:
    assert read_head(200, headers(etag=etag), host="h").etag == kept


@pytest.mark.parametrize(
    ("modified", "is_kept"),
    [
        ("Tue, 01 Jan 2019 23:59:00 GMT", True),
        ("Tue, 01 Jan 2019 23:59:01 GMT", False),
        ("yesterday", False),
    ],
)
def test_a_date_is_a_strong_validator_when_it_is_a_minute_old(modified: str, is_kept: bool) -> None:
    head = read_head(200, headers(last_modified=modified, date=SENT), host="h")

    assert (head.last_modified is not None) == is_kept


def test_a_date_without_the_date_of_the_answer_is_no_validator() -> None:
    assert read_head(200, headers(last_modified=SENT), host="h").last_modified is None


def test_the_rest_of_a_head_is_read() -> None:
    head = read_head(
        416,
        headers(
            content_length="5",
            content_type="Video/MP4; x=y",
            content_encoding="gzip",
            transfer_encoding="Chunked",
            content_range="bytes */77",
        ),
        host="h",
    )

    assert head == Head(
        status=416,
        host="h",
        content_length=5,
        content_type="video/mp4",
        is_encoded=True,
        is_chunked=True,
        known_total=77,
    )


@pytest.mark.parametrize("length", ["", "-1", "5 ", "abc", "1" * 30])
def test_an_odd_length_is_no_length(length: str) -> None:
    assert read_head(200, headers(content_length=length), host="h").content_length in (None, 5)
