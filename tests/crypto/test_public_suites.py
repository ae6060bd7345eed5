"""Wycheproof, RFC 5297, 7520, 7638 and 8037 against the primitives, with the parameters that the product uses."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from cryptography.exceptions import InvalidSignature, InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM, AESSIV
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.kdf.pbkdf2 import PBKDF2HMAC

from reteamz.crypto import jwe, sealing
from reteamz.crypto.keys import PrivateRsa, rsa_private
from reteamz.wire.encoding import b64decode
from reteamz.wire.errors import ReteamzError
from reteamz.wire.jwk import PublicOkp, PublicRsa, ed25519_key, ed25519_raw, thumbprint
from reteamz.wire.signing import verify_jws

FOLDER = Path(__file__).parents[2] / "vectors" / "wycheproof"


def cases(name: str) -> Iterator[tuple[dict[str, Any], dict[str, Any]]]:
    for group in json.loads((FOLDER / f"{name}_test.json").read_text())["testGroups"]:
        for case in group["tests"]:
            yield group, case


def raw(case: dict[str, Any], *names: str) -> list[bytes]:
    return [bytes.fromhex(case[name]) for name in names]


def test_aes_siv_of_rfc_5297_a1() -> None:
    key = bytes.fromhex("fffefdfcfbfaf9f8f7f6f5f4f3f2f1f0f0f1f2f3f4f5f6f7f8f9fafbfcfdfeff")
    associated = bytes.fromhex("101112131415161718191a1b1c1d1e1f2021222324252627")
    sealed = AESSIV(key).encrypt(bytes.fromhex("112233445566778899aabbccddee"), [associated])
    assert sealed.hex() == "85632d07c6e8f37f950acd320a2ecc9340c02b9690c4dc04daef7f6afe5c"


def test_aes_siv() -> None:
    seen = 0
    for group, case in cases("aes_siv_cmac"):
        key, aad, msg, ct = raw(case, "key", "aad", "msg", "ct")
        if group["keySize"] != 512 or not msg:  # tokens are never empty; pyca refuses empty text
            continue
        siv = AESSIV(key)
        if case["result"] == "valid":
            assert siv.encrypt(msg, [aad]) == ct
            assert siv.decrypt(ct, [aad]) == msg
        else:
            with pytest.raises(InvalidTag):
                siv.decrypt(ct, [aad])
        seen += 1
    assert seen > 100


def test_aes_gcm() -> None:
    seen = 0
    for group, case in cases("aes_gcm"):
        if (group["keySize"], group["ivSize"], group["tagSize"]) != (256, 96, 128):
            continue
        key, iv, aad, msg, ct, tag = raw(case, "key", "iv", "aad", "msg", "ct", "tag")
        if case["result"] == "valid":
            assert AESGCM(key).encrypt(iv, msg, aad) == ct + tag
        else:
            with pytest.raises(InvalidTag):
                AESGCM(key).decrypt(iv, ct + tag, aad)
        seen += 1
    assert seen > 50


def test_hkdf() -> None:
    for _, case in cases("hkdf_sha256"):
        ikm, salt, info, okm = raw(case, "ikm", "salt", "info", "okm")
        if case["result"] == "valid":
            assert HKDF(SHA256(), case["size"], salt, info).derive(ikm) == okm
        else:
            with pytest.raises(ValueError, match=r".+"):
                HKDF(SHA256(), case["size"], salt, info)


def test_pbkdf2() -> None:
    for _, case in cases("pbkdf2_hmacsha256"):
        password, salt, dk = raw(case, "password", "salt", "dk")
        assert PBKDF2HMAC(SHA256(), case["dkLen"], salt, case["iterationCount"]).derive(password) == dk


def test_ed25519() -> None:
    for group, case in cases("ed25519"):
        jwk = group["publicKeyJwk"]
        key = PublicOkp("OKP", "Ed25519", jwk["x"], "Ed25519")
        assert ed25519_raw(key).hex() == group["publicKey"]["pk"]
        msg, sig = raw(case, "msg", "sig")
        if case["result"] == "valid":
            ed25519_key(key).verify(sig, msg)
        else:
            with pytest.raises(InvalidSignature):
                ed25519_key(key).verify(sig, msg)


@pytest.mark.parametrize(
    ("name", "alg"),
    [
        ("rsa_oaep_2048_sha1_mgf1sha1", "RSA-OAEP"),
        ("rsa_oaep_2048_sha256_mgf1sha256", "RSA-OAEP-256"),
        ("rsa_oaep_3072_sha256_mgf1sha256", "RSA-OAEP-256"),
        ("rsa_oaep_4096_sha256_mgf1sha256", "RSA-OAEP-256"),
    ],
)
def test_rsa_oaep(name: str, alg: Any) -> None:
    seen = 0
    for group, case in cases(name):
        if case["label"]:  # the product uses no label
            continue
        jwk = group["privateKeyJwk"]
        key = PrivateRsa(alg=alg, **{part: jwk[part] for part in ("kty", "n", "e", "d", "p", "q", "dp", "dq", "qi")})
        msg, ct = raw(case, "msg", "ct")
        if case["result"] == "invalid":
            with pytest.raises(ValueError, match=r".+"):
                rsa_private(key).decrypt(ct, sealing._oaep(alg))
        else:
            assert rsa_private(key).decrypt(ct, sealing._oaep(alg)) == msg
        seen += 1
    assert seen > 10


def test_no_foreign_jwe_is_opened() -> None:
    """Every case has another header than ours, whatever else is wrong or right with it (spec 1.9)."""
    seen = 0
    for _, case in cases("json_web_encryption"):
        if not isinstance(case["jwe"], str):
            continue
        for typ, alg in (("reteamz-member+1", "dir"), ("reteamz-key+1", "RSA-OAEP-256")):
            with pytest.raises(ReteamzError, match="header_refused"):
                jwe.require_header(case["jwe"], {"alg": alg, "enc": "A256GCM", "typ": typ})
        seen += 1
    assert seen > 50


def test_no_foreign_jws_is_accepted() -> None:
    key = ed25519_key(PublicOkp("OKP", "Ed25519", "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo", "Ed25519"))
    seen = 0
    for _, case in cases("json_web_signature"):
        if isinstance(case["jws"], str):
            with pytest.raises(ReteamzError, match=r"header_refused|base64_invalid"):
                verify_jws(key, "reteamz-grant+1", case["jws"])
            seen += 1
    assert seen > 50


def of_an_rfc(name: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads((FOLDER.parent / "rfc" / name).read_text())["cases"]
    return found


def test_documents_of_rfc_7520_open() -> None:
    """Its headers are not ours, so each is named here as the one that is expected."""
    for case in of_an_rfc("rfc7520.json"):
        key, header, text = (case["inputs"][name] for name in ("key", "header", "jwe"))
        if key["kty"] == "RSA":
            parts = ("kty", "n", "e", "alg", "d", "p", "q", "dp", "dq", "qi")
            opened = jwe.decrypt_as(PrivateRsa(**{part: key[part] for part in parts}), header, text)
        else:
            opened = jwe.decrypt_with(b64decode(key["k"]), header, text)
        assert opened.decode() == case["output"], case["id"]
        with pytest.raises(ReteamzError, match="header_refused"):
            jwe.decrypt_with(bytes(32), header | {"typ": "reteamz-member+1"}, text)


def test_thumbprints_of_rfc_7638_and_8037() -> None:
    for case in of_an_rfc("thumbprints.json"):
        kind = PublicRsa if case["inputs"]["kty"] == "RSA" else PublicOkp
        assert thumbprint(kind(**case["inputs"])) == case["output"], case["id"]
