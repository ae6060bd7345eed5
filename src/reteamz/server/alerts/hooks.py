"""Calls webhooks: signed, without redirects, and only where the operator lets them (ADR 0014)."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import socket
import ssl
from collections.abc import Sequence
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from typing import Final

import httpx

TIMEOUT_S: Final = 10.0
"""Longest time that one call may take, in seconds."""
_NAT64: Final = ip_network("64:ff9b::/96")
_UNICAST: Final = ip_network("2000::/3")
"""All of IPv6 that is public; what lies outside wraps other addresses, or is a site's own."""
_SERVICES: Final = (ip_network("192.0.0.0/24"), ip_network("192.88.99.0/24"), ip_network("168.63.129.16/32"))
"""Called public, but answered by the machine's own surroundings: protocol assignments, relays, a cloud's control address."""


class Unreached(Exception):
    """A webhook did not take a call; ``reason`` is for people and quotes nothing that was answered."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


def signature(secret: str, timestamp: str, body: bytes) -> str:
    """Return the header ``Reteamz-Signature``: HMAC-SHA-256 under the secret's ASCII bytes (spec 15.2)."""
    return "v1=" + hmac.new(secret.encode("ascii"), timestamp.encode("ascii") + b"." + body, hashlib.sha256).hexdigest()


class Hooks:
    """Calls webhooks at public addresses, and at those inside the company that the operator named.

    Args:
        inside: addresses or networks.
    """

    def __init__(self, inside: Sequence[str]) -> None:
        self._inside = [ip_network(one) for one in inside]
        self._tls = ssl.create_default_context()

    async def call(self, url: str, secret: str, body: bytes, now: int) -> None:
        """Post a body; ``now`` in milliseconds. Raises ``Unreached``."""
        timestamp = str(now)
        headers = {
            "Content-Type": "application/json",
            "User-Agent": "Reteamz",
            "Reteamz-Timestamp": timestamp,
            "Reteamz-Signature": signature(secret, timestamp, body),
        }
        try:
            async with asyncio.timeout(TIMEOUT_S):
                status = await self._post(httpx.URL(url), headers, body)
        except TimeoutError:
            raise Unreached("It does not answer in time.") from None
        except ssl.SSLError:
            raise Unreached("Its certificate is not valid.") from None
        # A host that no name can be is a ValueError: one bad address must not keep the calls of all others waiting.
        except (httpx.HTTPError, httpx.InvalidURL, OSError, ValueError) as error:
            certificate = "CERTIFICATE" in str(error)
            raise Unreached("Its certificate is not valid." if certificate else "It does not answer.") from None
        if 300 <= status < 400:
            raise Unreached(f"It answers with a redirect ({status}), which is not followed.")
        if not 200 <= status < 300:
            raise Unreached(f"It answers {status}.")

    async def _post(self, url: httpx.URL, headers: dict[str, str], body: bytes) -> int:
        """Return the status of the answer, whose body nobody reads. The address that was checked is the one that is called."""
        address = await self._resolved(url.host, url.port or (443 if url.scheme == "https" else 80))
        async with httpx.AsyncClient(
            verify=self._tls, trust_env=False, follow_redirects=False, timeout=TIMEOUT_S
        ) as client:
            request = client.build_request(
                "POST",
                url.copy_with(host=address),
                content=body,
                headers={"Host": url.netloc.decode("ascii"), **headers},
                extensions={"sni_hostname": url.host},
            )
            response = await client.send(request, stream=True)
            await response.aclose()
        return response.status_code

    async def _resolved(self, host: str, port: int) -> str:
        """Return an address of a host. Raises ``Unreached`` when any of its addresses is one that must not be called."""
        try:
            found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
        except (OSError, UnicodeError):
            raise Unreached("Its name has no address.") from None
        addresses = [str(entry[4][0]).partition("%")[0] for entry in found]
        if not addresses or not all(self._allowed(ip_address(one)) for one in addresses):
            raise Unreached("Its address is not public; the server's operator must allow it with RETEAMZ_HOOKS.")
        return addresses[0]

    def _allowed(self, address: IPv4Address | IPv6Address) -> bool:
        inner = _inner(address)
        if inner is not None:
            return self._allowed(inner)
        if any(address in network for network in self._inside):
            return True
        if any(address in network for network in _SERVICES) or (address.version == 6 and address not in _UNICAST):
            return False
        return address.is_global and not address.is_multicast


def _inner(address: IPv4Address | IPv6Address) -> IPv4Address | None:
    """Return the IPv4 address that an IPv6 address stands for."""
    if isinstance(address, IPv4Address):
        return None
    if address in _NAT64:
        return IPv4Address(int(address) & 0xFFFFFFFF)
    return address.ipv4_mapped or address.sixtofour
