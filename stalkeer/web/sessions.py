"""Sessions of the page over HTTP: set up once, log in, log out, change the password.

There is one account. Its password is kept as a hash and a session as a digest of its cookie, so
that a copy of the database lets nobody in.
"""

from __future__ import annotations

import hmac
import math
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Annotated, Any, ClassVar

from pydantic import Field
from starlette.requests import Request

from stalkeer.db.accounts import Accounts
from stalkeer.errors import StalkeerError
from stalkeer.web.auth import COOKIE, Asker, csrf_of, mark_of
from stalkeer.web.operations import Reply, get, post
from stalkeer.web.passwords import NOBODY, fits, hashed
from stalkeer.web.shapes import Answer, Body, Stamp
from stalkeer.web.throttle import Rate, Throttle

_TAG = "sessions"
LASTS = timedelta(days=30)
Password = Annotated[str, Field(min_length=12, max_length=200, pattern=r"^[^\x00-\x1f\x7f-\x9f]+$")]


class WrongPasswordError(StalkeerError):
    """The password or the code is not the right one."""

    code: ClassVar[str] = "wrong_password"


class TooManyLoginsError(StalkeerError):
    """Somebody guesses passwords."""

    code: ClassVar[str] = "too_many"


class AlreadySetUpError(StalkeerError):
    """The account exists."""

    code: ClassVar[str] = "already_set_up"


class NotLoggedInError(StalkeerError):
    """There is no session: the request came with the API key."""

    code: ClassVar[str] = "no_session"


class LoginBody(Body):
    """The password of the account."""

    example: ClassVar[Mapping[str, Any]] = {"password": "correct horse battery"}

    password: Annotated[str, Field(max_length=200)]


class SetupBody(Body):
    """The code that was printed at the start, and the password to be."""

    example: ClassVar[Mapping[str, Any]] = {
        "code": "Zt7xkPqRw2Vn",
        "password": "correct horse battery",
    }

    code: Annotated[str, Field(max_length=64)]
    password: Password


class PasswordBody(Body):
    """The password that is, and the one to be; whoever holds the API key may leave out the old."""

    example: ClassVar[Mapping[str, Any]] = {
        "old": "correct horse battery",
        "new": "staple correct horse",
    }

    old: Annotated[str, Field(max_length=200)] = ""
    new: Password


class SessionAnswer(Answer):
    """A session. `csrf_token` goes into the X-CSRF-Token header of whatever changes something."""

    example: ClassVar[Mapping[str, Any]] = {
        "csrf_token": "6f1d0a",
        "expires_at": "2026-03-02T12:00:00Z",
    }

    csrf_token: str
    expires_at: Stamp | None


class DoneAnswer(Answer):
    """It is done."""

    example: ClassVar[Mapping[str, Any]] = {"status": "ok"}

    status: str = "ok"


@dataclass(frozen=True, slots=True)
class Sessions:
    """The operations on sessions. `code` is what was printed for the one who sets up."""

    accounts: Accounts
    code: str = field(repr=False)
    now: Callable[[], datetime]
    url_base: str = ""
    token: Callable[[int], str] = secrets.token_urlsafe
    guesses: Throttle = field(
        default_factory=lambda: Throttle(Rate(5, 1 / 60), Rate(30, 0.5)), repr=False
    )

    @post("/api/v1/setup", tag=_TAG, status=201, errors=("wrong_password", "already_set_up"))
    def setup(self, body: SetupBody, request: Request) -> Reply[SessionAnswer]:
        """Make the account, once, with the code that was printed at the start."""
        self._count(request)
        if self.accounts.password() is not None:
            raise AlreadySetUpError("The account exists. Log in, or change its password.")
        is_right = hmac.compare_digest(body.code.encode(), self.code.encode())
        if not (is_right and self.code):
            raise WrongPasswordError("This is not the code that stalkeer printed when it started.")
        if not self.accounts.create(self._hashed(body.password)):
            raise AlreadySetUpError("The account exists. Log in, or change its password.")
        return self._open(request, 201)

    @post("/api/v1/login", tag=_TAG, errors=("wrong_password",))
    def login(self, body: LoginBody, request: Request) -> Reply[SessionAnswer]:
        """Log in: the session comes as a cookie that no script can read."""
        self._count(request)
        self._check(body.password)
        return self._open(request, 200)

    @get("/api/v1/session", tag=_TAG, errors=("no_session",))
    def session(self, request: Request) -> SessionAnswer:
        """Give the token again to a page that was loaded anew."""
        if request.state.asker is not Asker.SESSION:
            raise NotLoggedInError("This request came with the API key, which needs no session.")
        return SessionAnswer(csrf_token=csrf_of(request.cookies[COOKIE]), expires_at=None)

    @post("/api/v1/logout", tag=_TAG)
    def logout(self, request: Request) -> Reply[DoneAnswer]:
        """End the session."""
        self.accounts.end(mark_of(request.cookies.get(COOKIE, "")))
        return Reply(DoneAnswer(), headers={"Set-Cookie": self._cookie(request, "", max_age=0)})

    @post("/api/v1/password", tag=_TAG, errors=("wrong_password", "too_many"))
    def change(self, body: PasswordBody, request: Request) -> DoneAnswer:
        """Change the password and end every session."""
        if request.state.asker is not Asker.KEY:
            self._count(request)
            self._check(body.old)
        new = self._hashed(body.new)
        if not self.accounts.create(new):
            self.accounts.change(new)
        return DoneAnswer()

    def _count(self, request: Request) -> None:
        wait_s = self.guesses.take(request.client.host if request.client else "")
        if wait_s:
            raise TooManyLoginsError(
                f"Too many logins. Try again in {math.ceil(wait_s)} seconds.", retry_in_s=wait_s
            )

    def _check(self, password: str) -> None:
        # Without an account it takes as long as with one.
        if not fits(password, self.accounts.password() or NOBODY):
            raise WrongPasswordError("The password is wrong.")

    def _hashed(self, password: str) -> str:
        return hashed(password, self.token(16).encode())

    def _open(self, request: Request, status: int) -> Reply[SessionAnswer]:
        cookie = self.token(32)
        self.accounts.open(mark_of(cookie), lasts_s=LASTS.total_seconds())
        answer = SessionAnswer(csrf_token=csrf_of(cookie), expires_at=self.now() + LASTS)
        max_age = int(LASTS.total_seconds())
        header = self._cookie(request, cookie, max_age=max_age)
        return Reply(answer, status, {"Set-Cookie": header})

    def _cookie(self, request: Request, value: str, *, max_age: int) -> str:
        path = self.url_base or "/"
        secure = "; Secure" if request.url.scheme == "https" else ""
        return f"{COOKIE}={value}; Path={path}; Max-Age={max_age}; HttpOnly; SameSite=Lax{secure}"
