"""Sign-up, log-in, sessions, second factor, bundle."""

from __future__ import annotations

from typing import Any

from litestar import Request, Response, delete, get, post, put
from litestar.datastructures import Cookie
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody

from reteamz.server.accounts import settings
from reteamz.server.accounts.access import Viewer
from reteamz.server.accounts.limiter import Limiter
from reteamz.server.accounts.login import authenticate, kdf_of
from reteamz.server.accounts.sessions import (
    COOKIE,
    LIFETIME_MS,
    close_cookie,
    close_session,
    expire,
    open_session,
    sessions_of,
)
from reteamz.server.accounts.signup import sign_up
from reteamz.server.accounts.tables import Member
from reteamz.server.audit.record import record
from reteamz.server.config import Config
from reteamz.server.store.control import ControlStore
from reteamz.server.types import Now
from reteamz.wire.accounts import (
    AccountView,
    BundlePut,
    BundleView,
    LoggedIn,
    Login,
    LoginKdf,
    LoginStart,
    SessionView,
    Signup,
    TotpDisable,
    TotpEnable,
    TotpStart,
)
from reteamz.wire.errors import ReteamzError

_CLIENTS = ("Firefox", "Edg", "OPR", "Chrome", "Safari", "python-httpx", "reteamz")


def session_cookie(config: Config, value: str, age_s: int) -> Cookie:
    """Return the cookie of a session; age 0 takes it away."""
    return Cookie(
        key=COOKIE, value=value, path="/", max_age=age_s, httponly=True, samesite="strict", secure=config.secure
    )


def client_of(request: Request[Any, Any, Any]) -> str:
    """Return a word for the program that logs in; the rest of what it says about itself is not kept."""
    agent = request.headers.get("user-agent", "")
    return next((name for name in _CLIENTS if name in agent), "other")


@post("/api/signup", status_code=201, opt={"public": True})
async def signup(
    request: Request[Any, Any, Any],
    data: JSONBody[Signup],
    control: NamedDependency[ControlStore],
    config: NamedDependency[Config],
    attempts: NamedDependency[Limiter],
    now: NamedDependency[Now],
) -> Response[LoggedIn]:
    """Make an account with its owner, who is logged in then."""
    attempts.take(f"signup {request.client.host if request.client else ''}", now())
    async with control.session() as session:
        member = await sign_up(session, data, now())
        cookie = open_session(session, member.id, client_of(request), now())
        record(session, now(), member.account, member.id, "signed_up")
    body = LoggedIn(member.account, member.id)
    return Response(body, status_code=201, cookies=[session_cookie(config, cookie, LIFETIME_MS // 1000)])


@post("/api/login/start", status_code=200, opt={"public": True})
async def login_start(
    data: JSONBody[LoginStart], control: NamedDependency[ControlStore], secret: NamedDependency[bytes]
) -> LoginKdf:
    """Tell how to stretch the password of an address, known or not."""
    async with control.session() as session:
        return LoginKdf(await kdf_of(session, data.email, secret))


@post("/api/login", status_code=200, opt={"public": True})
async def login(
    request: Request[Any, Any, Any],
    data: JSONBody[Login],
    control: NamedDependency[ControlStore],
    config: NamedDependency[Config],
    attempts: NamedDependency[Limiter],
    now: NamedDependency[Now],
) -> Response[LoggedIn]:
    """Log in by the auth key; the password itself never comes here."""
    address = f"login {request.client.host if request.client else ''}"
    who = f"login {data.email.lower()}"
    attempts.take(address, now())
    attempts.take(who, now())
    async with control.session() as session:
        member = await authenticate(session, data, now())
        await expire(session, now())
        # Nothing that was there before a log-in is carried on.
        await close_cookie(session, request.cookies.get(COOKIE, ""))
        cookie = open_session(session, member.id, client_of(request), now())
        record(session, now(), member.account, member.id, "logged_in")
    attempts.give_back(address)
    attempts.give_back(who)
    return Response(
        LoggedIn(member.account, member.id),
        cookies=[session_cookie(config, cookie, LIFETIME_MS // 1000)],
        status_code=200,
    )


@post("/api/logout", status_code=204)
async def logout(
    viewer: NamedDependency[Viewer], control: NamedDependency[ControlStore], config: NamedDependency[Config]
) -> Response[None]:
    """End this session."""
    async with control.session() as session:
        await close_session(session, viewer.member, viewer.session)
    return Response(None, status_code=204, cookies=[session_cookie(config, "", 0)])


@get("/api/sessions")
async def sessions(
    viewer: NamedDependency[Viewer], control: NamedDependency[ControlStore], now: NamedDependency[Now]
) -> list[SessionView]:
    """Return where the member is logged in."""
    async with control.session() as session:
        return await sessions_of(session, viewer, now())


@delete("/api/sessions/{session_id:str}")
async def end_session(
    session_id: FromPath[str],
    viewer: NamedDependency[Viewer],
    control: NamedDependency[ControlStore],
    now: NamedDependency[Now],
) -> None:
    """End one of the member's sessions."""
    async with control.session() as session:
        if not await close_session(session, viewer.member, session_id):
            raise ReteamzError("not_found", "There is no such session; load the page again.")
        record(session, now(), viewer.account, viewer.member, "session_ended")


@post("/api/totp/start", status_code=200)
async def totp_start(viewer: NamedDependency[Viewer], control: NamedDependency[ControlStore]) -> TotpStart:
    """Return a secret for an authenticator."""
    async with control.session() as session:
        return await settings.start_totp(session, viewer)


@post("/api/totp", status_code=204)
async def totp_enable(
    data: JSONBody[TotpEnable],
    viewer: NamedDependency[Viewer],
    control: NamedDependency[ControlStore],
    now: NamedDependency[Now],
) -> None:
    """Put the second factor in force."""
    async with control.session() as session:
        await settings.enable_totp(session, viewer, data, now())


@delete("/api/totp", status_code=204)
async def totp_disable(
    data: JSONBody[TotpDisable],
    viewer: NamedDependency[Viewer],
    control: NamedDependency[ControlStore],
    now: NamedDependency[Now],
) -> None:
    """End the second factor."""
    async with control.session() as session:
        await settings.disable_totp(session, viewer, data.code, now())


@get("/api/account")
async def account(viewer: NamedDependency[Viewer], control: NamedDependency[ControlStore]) -> AccountView:
    """Return the viewer's account."""
    async with control.session() as session:
        return await settings.account_view(session, viewer)


@get("/api/bundle")
async def bundle(viewer: NamedDependency[Viewer], control: NamedDependency[ControlStore]) -> BundleView:
    """Return the viewer's member bundle."""
    async with control.session() as session:
        return BundleView((await session.get_one(Member, viewer.member)).bundle)


@put("/api/bundle", status_code=204)
async def put_bundle(
    data: JSONBody[BundlePut],
    viewer: NamedDependency[Viewer],
    control: NamedDependency[ControlStore],
    now: NamedDependency[Now],
) -> None:
    """Replace the viewer's member bundle."""
    async with control.session() as session:
        await settings.put_bundle(session, viewer, data, now())


handlers = [
    signup,
    login_start,
    login,
    logout,
    sessions,
    end_session,
    totp_start,
    totp_enable,
    totp_disable,
    account,
    bundle,
    put_bundle,
]
