"""Nothing is changed by a request that another site made: every route of the application that changes something is asked."""

from __future__ import annotations

import re
from typing import Any

from litestar.routes import HTTPRoute
from tests.server.company import Owner, Site, code_of

READING = {"GET", "HEAD", "OPTIONS"}
SIGNED = {("POST", f"/api/agent/{what}") for what in ("batch", "enroll", "poll")} | {("PUT", "/api/agent/blob/{}")}
"""What agents ask: no cookie opens these, a signature over the request does."""
PLACES = {"int": "1", "date": "2025-10-09", "str": "AAAAAAAAAAAAAAAAAAAAAA"}


def changing(site: Site) -> list[tuple[str, str]]:
    """Return method and path of every route that is not for reading alone."""
    found = []
    for route in site.client.app.routes:
        if isinstance(route, HTTPRoute):
            found += [(method, route.path) for method in sorted(route.methods - READING)]
    return found


def filled(path: str) -> str:
    return re.sub(r"\{[^:}]+:(\w+)\}", lambda place: PLACES[place[1]], path)


def ask(site: Site, method: str, path: str, **headers: str) -> Any:
    return site.client.request(
        method, filled(path), content=b"{}", headers={"content-type": "application/json"} | headers
    )


def test_every_change_needs_the_token_or_a_signature(site: Site, owner: Owner) -> None:
    routes = changing(site)
    assert len(routes) > 40
    foreign = {"origin": "https://other.example"}
    open_to_cookies = set()
    for method, path in routes:
        answer = ask(site, method, path, **foreign)
        if code_of(answer) != (403, "csrf_refused"):
            assert answer.status_code in (400, 401, 403, 404), (method, path)
            open_to_cookies.add((method, re.sub(r"\{[^}]*\}", "{}", path)))
        else:
            assert code_of(ask(site, method, path, **foreign, **{"x-csrftoken": "guessed"}))[1] == "csrf_refused"
    assert open_to_cookies == SIGNED


def test_a_token_that_another_site_got_hold_of_is_not_enough(site: Site, owner: Owner) -> None:
    token = {"x-csrftoken": site.client.cookies["csrftoken"]}
    for method, path in changing(site):
        for where in ("cross-site", "same-site"):
            answer = ask(site, method, path, **token, **{"sec-fetch-site": where})
            assert code_of(answer) == (403, "csrf_refused"), (method, path)
    assert site.call("POST", "/api/logout", **{"sec-fetch-site": "same-origin"}).status_code == 204


def test_reading_is_open_to_links_from_elsewhere(site: Site, owner: Owner) -> None:
    assert site.client.get("/", headers={"accept": "text/html", "sec-fetch-site": "cross-site"}).status_code == 200
