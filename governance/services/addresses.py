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
_V6: Final = 6
_Address = ipaddress.IPv4Address | ipaddress.IPv6Address
_NAT64: Final = ipaddress.IPv6Network("64:ff9b::/96")
"""Addresses that a translator sends on over IPv4 (RFC 6052, section 2.1)."""
_COMPATIBLE: Final = ipaddress.IPv6Network("::/96")
"""IPv4-compatible addresses, deprecated (RFC 4291, section 2.5.5.1)."""
_ISATAP: Final = 0x00005EFE
"""Third quarter of an address whose last one is IPv4, but for the bit "universal" (RFC 5214)."""
_UNICAST: Final = (ipaddress.IPv6Network("2000::/3"), ipaddress.IPv6Network("fc00::/7"))
"""What may be sent to over IPv6: global unicast, and unique local where private ones are allowed.
Whatever else there is, such as NAT64 with a prefix of one's own (64:ff9b:1::/48, RFC 8215: where in
it an IPv4 address stands nobody else can know) or site-local addresses, is refused."""
_NOWHERE: Final = (
    ipaddress.IPv4Network("0.0.0.0/8"),
    ipaddress.IPv4Network("168.63.129.16/32"),
)
"""No machine's address (RFC 1122, section 3.2.1.3); and one that is global by number, but that only
a cloud's own machines reach, which it configures:
https://learn.microsoft.com/azure/virtual-network/what-is-ip-address-168-63-129-16."""


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
        problem = f"url: {error.message}"
        raise DocumentError.counted("The form has", problem) from None


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
    literal = f"[{first}]" if first.version == _V6 else str(first)
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
    for judged in _leads_to(address):
        _check_one(judged, own=own, private=private)


def _check_one(judged: _Address, *, own: bool, private: bool) -> None:
    if judged.is_loopback:
        if own:
            return
        raise AddressRefusedError("The webhook's name leads to this machine.")
    if _is_reserved(judged):
        raise AddressRefusedError("The webhook's name leads to a reserved address.")
    if not judged.is_global and not private:
        raise AddressRefusedError("The webhook's name leads to a private address.")


def _is_reserved(judged: _Address) -> bool:
    if judged.is_link_local or judged.is_multicast or judged.is_unspecified or judged.is_reserved:
        return True
    if judged.version == _V6:
        return not any(judged in network for network in _UNICAST)
    return any(judged in network for network in _NOWHERE)


def _leads_to(address: _Address) -> Iterator[_Address]:
    """Every address a packet to it may end at: those an IPv6 address carries, else itself."""
    carried = tuple(_carried(address)) if isinstance(address, ipaddress.IPv6Address) else ()
    if not carried:
        yield address
    for inner in carried:
        yield from _leads_to(inner)


def _carried(address: ipaddress.IPv6Address) -> Iterator[_Address]:
    """IPv4 addresses within an IPv6 address that some machine on the way sends on to."""
    if address.ipv4_mapped is not None:
        yield address.ipv4_mapped
    elif address.sixtofour is not None:
        yield address.sixtofour
    elif address.teredo is not None:
        yield from address.teredo
    elif address in _NAT64 or _is_isatap(address) or _is_compatible(address):
        yield ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)


def _is_isatap(address: ipaddress.IPv6Address) -> bool:
    return int(address) >> 32 & 0xFDFFFFFF == _ISATAP


def _is_compatible(address: ipaddress.IPv6Address) -> bool:
    return address in _COMPATIBLE and not (address.is_loopback or address.is_unspecified)
