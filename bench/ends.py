"""What the ends can do: tokens in Python against bare AES-SIV and tokens in Chromium.

``python -m bench.ends`` prints one JSON object.
"""

from __future__ import annotations

import json
import shutil
import time
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.ciphers.aead import AESSIV
from playwright.sync_api import Route, sync_playwright

from reteamz.crypto.tokens import TokenCipher, pad

NAMES = [f"Offer {number} for the customer in row {number % 97} - Writer" for number in range(100_000)]
CHECK = Path(__file__).parents[1] / "web" / "core" / "dist" / "check.js"


def python_tokens() -> dict[str, Any]:
    """Return names a second from text to token, and what AES-SIV alone does in the same process."""
    cipher = TokenCipher(bytes(32), 1)
    began = time.perf_counter()
    for name in NAMES:
        cipher.encrypt("title", name)
    pipeline = len(NAMES) / (time.perf_counter() - began)
    siv = AESSIV(bytes(range(64)))
    padded = [pad(name.encode()) for name in NAMES]
    began = time.perf_counter()
    for data in padded:
        siv.encrypt(data, [b"rtz1.title.1"])
    bare = len(NAMES) / (time.perf_counter() - began)
    return {"pipeline_per_s": round(pipeline), "bare_siv_per_s": round(bare), "ratio": round(pipeline / bare, 2)}


def browser_tokens() -> dict[str, Any]:
    """Return distinct tokens a second that Chromium decrypts with non-extractable keys."""
    cipher = TokenCipher(bytes(32), 1)
    tokens = [cipher.encrypt("title", name) for name in NAMES[:10_000]]
    script = CHECK.read_text()

    def answer(route: Route) -> None:
        is_script = route.request.url.endswith(".js")
        route.fulfill(body=script if is_script else "<p>", content_type="text/javascript" if is_script else "text/html")

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=shutil.which("chromium"), args=["--no-sandbox", "--disable-gpu"]
        )
        page = browser.new_page()
        page.route("https://bench.example/**", answer)
        page.goto("https://bench.example/")
        ms = page.evaluate(
            """async tokens => {
                const core = await import("/check.js");
                const reader = new core.TokenReader([await core.tokenKeys(new Uint8Array(32), 1)]);
                await reader.decrypt(tokens[0]);
                const began = performance.now();
                await Promise.all(tokens.map(token => reader.decrypt(token)));
                return performance.now() - began;
            }""",
            tokens,
        )
        browser.close()
    return {"distinct_per_s": round(len(tokens) / ms * 1000)}


def main() -> None:
    """Run and print."""
    print(json.dumps({"python_tokens": python_tokens(), "browser_tokens": browser_tokens()}))


if __name__ == "__main__":
    main()
