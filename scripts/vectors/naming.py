"""Suites about names: base64, normalisation, passwords, tokens, fingerprints."""

from __future__ import annotations

from scripts.vectors import run
from scripts.vectors.cases import Suite, keys

from reteamz.crypto.tokens import TokenCipher
from reteamz.wire.encoding import b64decode, b64encode
from reteamz.wire.tokens import BUCKETS, FIELDS

MASTER = b64encode(bytes(range(32)))
OTHER = b64encode(bytes(range(1, 33)))


def base64() -> Suite:
    """Spec 1.1."""
    s = Suite("base64", "1.1", run.base64)
    for text in ("", "AA", "AAA", "AAAA", "-_-_", "Zm9vYmFy"):
        s.valid("exact", text=text)
    for comment, text in {
        "padding": "AA==", "loose bits": "AB", "loose bits of two": "AAB", "one character": "A", "other alphabet": "+/+/",
        "space": "AA AA", "line end": "AAAA\n", "not ASCII": "AAÄA", "five characters": "AAAAA",
    }.items():  # fmt: skip
        s.invalid("base64_invalid", comment, text=text)
    return s


def names() -> Suite:
    """Spec 4.1, 4.2."""
    s = Suite("names", "4.1, 4.2", run.name)
    for comment, field, text in (
        ("plain", "title", "Offer 4711 - Word"), ("empty", "title", ""), ("only spaces", "title", "\u00a0\t \u3000"),
        ("trimmed", "title", "\ufeff\u2003a b\u2028\u202f"), ("zero-width joiner stays", "title", "\u200da\u200d"),
        ("next line U+0085 stays", "title", "\u0085a"), ("lone surrogate", "title", "a\ud800b"),
        ("lone low surrogate", "title", "\udc00"), ("pair stays", "title", "\U0001f600"),
        ("NFC composes", "title", "e\u0301"), ("NFC of Hangul", "title", "\u1100\u1161"), ("NFC reorders", "title", "a\u0315\u0300"),
        ("application in lower case", "app", " WinWord.EXE "), ("only A to Z", "app", "ÄÖÜ İSTANBUL Σ"),
        ("kelvin sign becomes K, then stays", "app", "\u212a"), ("host", "site", "Example.COM"),
        ("host with port", "site", "example.com:8080"), ("URL", "site", "https://user:pw@Bücher.Example:444/a?b#c"),
        ("punycode", "site", "faß.de"), ("IPv4 forms", "site", "0x7f.1"), ("IPv6", "site", "http://[::1]:80/"),
        ("percent", "site", "ex%61mple.com"), ("final dot", "site", "example.com."), ("refused host", "site", "exa mple.com"),
        ("host with star", "site", "*.example.com"), ("full-width IPv6", "site", "http://[::²]/"), ("spacing mark", "site", "ex¨ample.com"),
        ("refused percent", "site", "http://%zz/"), ("no host", "site", "file:///etc/passwd"), ("other scheme", "site", "foo://Bar/x"),
        ("backslash", "site", "http://a\\b"), ("fragment", "url", "https://a.example/x?y#z#w"),
        ("user info", "url", "https://me:pw@a.example/x@y"), ("user info with at", "url", "https://a@b@c.example/"),
        ("nothing re-serialised", "url", "HTTPS://A.Example:443/../x y"), ("at in the query", "url", "https://a.example?x=b@c"),
        ("no scheme", "url", "a.example/x@y"), ("only a fragment", "url", "#x"),
        ("cut", "title", "x" * 5000), ("cut at a boundary", "title", "x" * 4094 + "é"), ("fits", "title", "x" * 4093 + "é"),
        ("cut before a wide one", "title", "x" * 4093 + "\U0001f600"),
    ):  # fmt: skip
        s.valid(comment, field=field, text=text)
    return s


def passwords() -> Suite:
    """Spec 2.1-2.3."""
    s = Suite("passwords", "2.1-2.3", run.password)
    salt = b64encode(bytes(16))

    def inputs(password: str, iterations: int, least: int = 0) -> dict[str, object]:
        kdf = {"name": "PBKDF2-SHA256", "salt": salt, "iterations": iterations}
        return {"password": password, "kdf": kdf, "least": least}

    s.valid("least iterations", **inputs("correct horse battery staple", 600_000))
    s.valid("NFKC, not trimmed", **inputs(" \ufb01ne\u00a0\u2460 ", 600_000))
    s.valid("as before", **inputs("\U0001f511", 600_001, 600_001))
    for iterations in (0, 1, 599_999, 10_000_001, 2**31, 2**53 - 1):
        s.invalid("kdf_refused", f"{iterations} iterations", **inputs("x", iterations))
    s.invalid("kdf_refused", "fewer than before", **inputs("x", 999_999, 1_000_000))
    return s


def tokens() -> list[Suite]:
    """Spec 4.3-4.6."""
    make = Suite("tokens", "4.4, 4.5", run.token)
    read = Suite("tokens-open", "4.4, 4.5", run.token_open)
    for field in FIELDS:
        text = "docs.example" if field == "site" else f"a {field}"
        token = make.valid(f"field {field}", master=MASTER, epoch=1, field=field, text=text)
        read.valid(f"field {field}", master=MASTER, epoch=1, token=token)
    for epoch in (2, 9, 65_535):
        token = make.valid(f"epoch {epoch}", master=MASTER, epoch=epoch, field="app", text="winword.exe")
        read.valid(f"epoch {epoch}", master=MASTER, epoch=epoch, token=token)
    for bucket in BUCKETS:
        for length in (bucket - 2, bucket - 1, bucket):
            text = "é" * (length // 2) + "x" * (length % 2)
            token = make.valid(f"{length} bytes", master=MASTER, epoch=1, field="title", text=text)
            read.valid(f"{length} bytes", master=MASTER, epoch=1, token=token)
    make.valid("no name", master=MASTER, epoch=1, field="title", text=" ")
    _hostile_tokens(read)
    return [make, read]


def _hostile_tokens(read: Suite) -> None:
    cipher = TokenCipher(b64decode(MASTER), 1)
    token = cipher.encrypt("app", "winword.exe")
    head, data = token.rsplit(".", 1)
    refuse = {"master": MASTER, "epoch": 1}
    flipped = b64encode(bytes([b64decode(data)[0] ^ 1]) + b64decode(data)[1:])
    last = b64encode(b64decode(data)[:-1] + bytes([b64decode(data)[-1] ^ 1]))
    read.invalid("token_damaged", "V altered", **refuse, token=f"{head}.{flipped}")
    read.invalid("token_damaged", "C altered", **refuse, token=f"{head}.{last}")
    read.invalid("token_damaged", "moved to another field", **refuse, token=token.replace("rtz1.app", "rtz1.title"))
    read.invalid("token_damaged", "other master key", master=OTHER, epoch=1, token=token)
    read.invalid("token_damaged", "moved to another epoch", master=MASTER, epoch=2, token=token.replace(".1.", ".2."))
    read.invalid("token_epoch_unknown", "epoch without a key", **refuse, token=token.replace(".1.", ".2."))
    for comment, text in {
        "loose bits": token[:-1] + ("B" if token[-1] == "A" else chr(ord(token[-1]) + 1)), "longer": token + "A",
    }.items():  # fmt: skip
        code = "token_malformed" if comment == "longer" else "token_damaged"
        read.invalid(code, comment, **refuse, token=text)
    for comment, text in {
        "shorter": token[:-2], "unknown field": token.replace(".app.", ".apps."), "epoch 0": token.replace(".1.", ".0."),
        "leading zero": token.replace(".1.", ".01."), "epoch too large": token.replace(".1.", ".65536."),
        "other version": token.replace("rtz1", "rtz2"), "padding": token + "=", "space": " " + token, "line end": token + "\n",
        "empty": "", "only a header": head + ".",
    }.items():  # fmt: skip
        read.invalid("token_malformed", comment, **refuse, token=text)
    siv = cipher._siv
    for comment, padded in {
        "no marker": b"winword.exe".ljust(16, b"\0"), "only zeros": bytes(16), "empty text": b"\x80".ljust(16, b"\0"),
        "bucket too large": b"winword.exe\x80".ljust(32, b"\0"), "not UTF-8": b"\xff\x80".ljust(16, b"\0"),
        "after the marker": b"word\x80\0\0\1".ljust(16, b"\0"),
    }.items():  # fmt: skip
        sealed = b64encode(siv.encrypt(padded, [b"rtz1.app.1"]))
        read.invalid("token_damaged", comment, **refuse, token=f"rtz1.app.1.{sealed}")


def running_text() -> Suite:
    """Spec 4.6."""
    s = Suite("text", "4.6", run.text)
    masters = {"1": MASTER, "2": OTHER}
    one = TokenCipher(b64decode(MASTER), 1).encrypt("app", "winword.exe")
    two = TokenCipher(b64decode(OTHER), 2).encrypt("title", "Angebot 4711 für Ä")
    for comment, text in {
        "alone": one, "in a sentence": f"Used {one}, then “{two}”.", "side by side": f"{one} {two}", "twice": f"{one}\n{one}",
        "glued to more base64": f"{one}A", "after a letter": f"x{one}", "unknown epoch": one.replace(".1.", ".7."),
        "damaged": one[:-3] + "AAA", "nothing": "no token rtz1.app.1.x here", "empty": "", "markup stays text": f"<b>{one}</b>",
    }.items():  # fmt: skip
        s.valid(comment, masters=masters, text=text)
    return s


def fingerprints() -> Suite:
    """Spec 1.8, 1.11, 1.12."""
    s = Suite("fingerprints", "1.8, 1.11, 1.12", run.prints)
    for okp, rsa in (("owner", "exchange"), ("device", "device_exchange"), ("device", "device_exchange_sha1")):
        pair, box = keys()[okp], keys()[rsa]
        s.valid(
            f"{okp}, {rsa}",
            okp={name: pair[name] for name in ("kty", "crv", "x", "alg")},
            rsa={name: box[name] for name in ("kty", "n", "e", "alg")},
        )
    return s
