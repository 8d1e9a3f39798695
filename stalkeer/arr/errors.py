"""What can go wrong between us and an arr. Each says whether waiting may help."""

from __future__ import annotations

from stalkeer.errors import StalkeerError


class ArrUnreachableError(StalkeerError):
    """Nothing of the arr answered: refused, unknown host, too slow, or still starting up."""

    code = "arr_unreachable"
    retryable = True
    costs_attempt = False


class InstanceDownError(ArrUnreachableError):
    """The breaker is open: the arr was not even asked. `retry_in_s` says when it will be."""


class ArrUnauthorizedError(StalkeerError):
    """The arr refused our key. Whatever waits for it goes on once the key is right."""

    code = "arr_unauthorized"
    retryable = True
    costs_attempt = False


class ArrAnswerError(StalkeerError):
    """Something answered, but not as Radarr or Sonarr do: a page of a proxy, an odd status."""

    code = "arr_bad_answer"
    retryable = True


class ArrPageError(ArrAnswerError):
    """A web page answered: a proxy or a login stands before the arr, for every item alike."""

    costs_attempt = False


class ArrRefusedError(StalkeerError):
    """The arr understood the request and will not do it; the message holds its own words."""

    code = "arr_refused"
