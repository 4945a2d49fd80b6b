"""Where a webhook may go: https, to a public address, and to exactly the address that was checked.

Who registers a webhook makes this machine send a request; without these checks it could be sent to
services that only this machine reaches. The name is resolved once, every address it has is judged,
and the connection goes to one of those, so that a name that changes meanwhile leads nowhere else.
"""

import ipaddress
import socket
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit

from governance.errors import DocumentError, ProgrammeError
from governance.settings import LOOPBACK

_HTTPS, _HTTP = 443, 80
_LONGEST: Final = 2000
_Address = ipaddress.IPv4Address | ipaddress.IPv6Address


class AddressRefusedError(ProgrammeError):
    """A webhook's address is none that this programme sends to."""

    code = "webhook.refused"


@dataclass(frozen=True, slots=True)
class Destination:
    """A checked address.

    Attributes:
        url: With the address in place of the name, to connect to.
        host: For the Host header.
        name: That the certificate must be for.
    """

    url: str
    host: str
    name: str


def check_url(url: str, *, loopback: bool) -> None:
    """Raise unless the address has a form this programme sends to; nothing is resolved.

    Args:
        url: The address.
        loopback: Whether the programme itself runs on this machine only: then so may a webhook.

    Raises:
        DocumentError: It is none.
    """
    try:
        _parts(url, loopback=loopback)
    except AddressRefusedError as error:
        problem = (f"url: {error.message}",)
        raise DocumentError("The form has 1 mistake(s):", problems=problem) from None


def resolve(url: str, *, loopback: bool, private: bool) -> Destination:
    """Where exactly to send.

    Args:
        url: The address.
        loopback: As in `check_url`.
        private: Whether private addresses are allowed.

    Raises:
        AddressRefusedError: It is no https address, or leads to an address that is not allowed.
    """
    scheme, host, port, rest = _parts(url, loopback=loopback)
    addresses = list(_addresses(host, port))
    if not addresses:
        raise AddressRefusedError("The webhook's name leads nowhere.")
    own = loopback and host in LOOPBACK
    for address in addresses:
        _check_address(address, own=own, private=private)
    first = addresses[0]
    literal = f"[{first}]" if first.version == 6 else str(first)  # noqa: PLR2004  IPv6
    shown = f"[{host}]" if ":" in host else host
    default = _HTTPS if scheme == "https" else _HTTP
    name = shown if port == default else f"{shown}:{port}"
    return Destination(f"{scheme}://{literal}:{port}{rest}", name, host)


def _parts(url: str, *, loopback: bool) -> tuple[str, str, int, str]:
    try:
        parts = urlsplit(url)
        host, port = (parts.hostname or "").lower(), parts.port
    except ValueError:
        raise AddressRefusedError("it is no address") from None
    if not host or len(url) > _LONGEST or any(c.isspace() or ord(c) < ord("!") for c in url):
        raise AddressRefusedError("it is no address")
    if parts.username or parts.password or parts.fragment:
        raise AddressRefusedError("it carries more than an address")
    here = host in LOOPBACK
    if here and not loopback:
        raise AddressRefusedError("it leads to this machine")
    if parts.scheme != "https" and not (parts.scheme == "http" and here):
        raise AddressRefusedError("it is not https")
    query = f"?{parts.query}" if parts.query else ""
    default = _HTTPS if parts.scheme == "https" else _HTTP
    return parts.scheme, host, port or default, (parts.path or "/") + query


def _addresses(host: str, port: int) -> Iterator[_Address]:
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        return
    for *_, where in found:
        yield ipaddress.ip_address(str(where[0]).partition("%")[0])


def _check_address(address: _Address, *, own: bool, private: bool) -> None:
    mapped = getattr(address, "ipv4_mapped", None) or getattr(address, "sixtofour", None)
    judged = mapped or address
    if judged.is_loopback:
        if own:
            return
        raise AddressRefusedError("The webhook's name leads to this machine.")
    if judged.is_link_local or judged.is_multicast or judged.is_unspecified:
        raise AddressRefusedError("The webhook's name leads to a reserved address.")
    if not judged.is_global and not private:
        raise AddressRefusedError("The webhook's name leads to a private address.")
