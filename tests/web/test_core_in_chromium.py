"""The vectors and Wycheproof's files in a real browser, whose Web Crypto is another one than Node's."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, Route

ROOT = Path(__file__).parents[2]
VECTORS = ROOT / "vectors"
SUITES = sorted(path.stem for path in VECTORS.glob("*.json") if path.stem not in ("keys", "fixed"))
PUBLIC = sorted(path.stem.removesuffix("_test") for path in (VECTORS / "wycheproof").glob("*.json"))


@pytest.fixture(scope="module")
def core(chromium: Browser) -> Iterator[Page]:
    """A page of a secure origin that has loaded the runner."""
    script = (ROOT / "web" / "core" / "dist" / "check.js").read_text()
    context = chromium.new_context()

    def answer(route: Route) -> None:
        if route.request.url.endswith(".js"):
            route.fulfill(body=script, content_type="text/javascript")
        else:
            route.fulfill(body="<!doctype html><title>vectors</title>", content_type="text/html")

    context.route("https://vectors.example/**", answer)
    page = context.new_page()
    page.goto("https://vectors.example/")
    page.evaluate("async () => { globalThis.core = await import('/check.js') }")
    yield page
    context.close()


@pytest.mark.parametrize("name", SUITES)
def test_vectors(core: Page, name: str) -> None:
    told: Any = core.evaluate("text => core.runFile(text)", (VECTORS / f"{name}.json").read_text())
    assert told["count"] > 0
    assert told["failures"] == []


@pytest.mark.parametrize("name", PUBLIC)
def test_wycheproof(core: Page, name: str) -> None:
    text = (VECTORS / "wycheproof" / f"{name}_test.json").read_text()
    told: Any = core.evaluate("([name, text]) => core.runWycheproof(name, text)", [name, text])
    assert told["count"] > 10
    assert told["failures"] == []


def test_keys_cannot_be_read_by_script(core: Page) -> None:
    """What IndexedDB keeps while unlocked gives no raw key to anyone (cryptography page, "Keys")."""
    keys = json.loads((VECTORS / "keys.json").read_text())
    refused = core.evaluate(
        """async keys => {
            const token = await core.tokenKeys(new Uint8Array(32), 1);
            const sealing = await core.sealingKey(1, keys.sealing ?? keys.sealing_1 ?? Object.values(keys).find(k => k.kty === "RSA"));
            const settings = await core.okpSigner(keys.settings);
            const told = [];
            for (const [format, key] of [["raw", token.mac], ["raw", token.ctr], ["jwk", sealing.key], ["jwk", settings]])
                told.push([key.extractable, await crypto.subtle.exportKey(format, key).then(() => "read", error => error.name)]);
            return told;
        }""",
        keys,
    )
    assert refused == [[False, "InvalidAccessError"]] * 4
