import ipaddress
import socket
from typing import Any

import pytest

from governance.errors import DocumentError
from governance.services.addresses import AddressRefusedError, check_url, resolve

PUBLIC_V4, PUBLIC_V6 = "93.184.216.34", "2606:2800:220:1::1"


def names_lead_to(monkeypatch: pytest.MonkeyPatch, *found: str) -> None:
    def getaddrinfo(host: str, port: int, **_: Any) -> list[Any]:
        if host in {"localhost", "127.0.0.1", "::1"}:
            return [(2, 1, 6, "", ("127.0.0.1", port))]
        if not found:
            raise socket.gaierror
        return [(2, 1, 6, "", (address, port)) for address in found]

    monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)


@pytest.mark.parametrize(
    "url",
    [
        "http://example.org/x", "ftp://example.org", "https://", "https:///x", "x", "",
        "https://user@example.org", "https://user:pw@example.org", "https://example.org/#part",
        "https://exa mple.org", "https://example.org/\n", "https://example.org:99999/",
        "https://" + "x" * 3000, "http://127.0.0.1/x", "https://localhost/x", "https://[::1]/",
        "file:///etc/passwd", "https://[bad", "javascript:alert(1)",
    ],
)  # fmt: skip
def test_what_is_no_public_https_address_is_refused(url: str) -> None:
    with pytest.raises(DocumentError) as caught:
        check_url(url, loopback=False)
    assert url not in caught.value.message or url in {"", "x"}


@pytest.mark.parametrize("url", ["https://example.org", "https://example.org:8443/a?b=c"])
def test_https_is_taken(url: str) -> None:
    check_url(url, loopback=False)


def test_this_machine_only_for_a_programme_on_this_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    names_lead_to(monkeypatch, PUBLIC_V4)
    found = resolve("http://localhost:8099/hook", loopback=True, private=False)
    assert (found.url, found.host) == ("http://127.0.0.1:8099/hook", "localhost:8099")
    with pytest.raises(AddressRefusedError):
        resolve("http://localhost:8099/hook", loopback=False, private=True)


def test_the_connection_goes_to_the_address_that_was_judged(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    names_lead_to(monkeypatch, PUBLIC_V4)
    found = resolve("https://Hooks.example.org/a?b=c", loopback=False, private=False)
    assert found.url == f"https://{PUBLIC_V4}:443/a?b=c"
    assert (found.host, found.name) == ("hooks.example.org", "hooks.example.org")
    names_lead_to(monkeypatch, PUBLIC_V6)
    found = resolve("https://hooks.example.org:8443", loopback=False, private=False)
    assert found.url == f"https://[{PUBLIC_V6}]:8443/"
    assert found.host == "hooks.example.org:8443"


@pytest.mark.parametrize(
    "address",
    [
        "10.0.0.8", "172.16.1.1", "192.168.1.1", "100.64.0.1", "fd00::1", "169.254.169.254",
        "fe80::1", "127.0.0.1", "::1", str(ipaddress.IPv4Address(0)),
        "::", "224.0.0.1", "::ffff:127.0.0.1",
        "::ffff:169.254.169.254", "::ffff:10.0.0.1", "2002:7f00:1::",
    ],
)  # fmt: skip
def test_names_that_lead_inside_are_refused(monkeypatch: pytest.MonkeyPatch, address: str) -> None:
    names_lead_to(monkeypatch, PUBLIC_V4, address)
    with pytest.raises(AddressRefusedError):
        resolve("https://hooks.example.org", loopback=True, private=False)


@pytest.mark.parametrize("address", ["10.0.0.8", "fd00::1"])
def test_private_addresses_when_configured_never_reserved_ones(
    monkeypatch: pytest.MonkeyPatch, address: str
) -> None:
    names_lead_to(monkeypatch, address)
    assert resolve("https://hooks.internal", loopback=False, private=True).host == "hooks.internal"
    for reserved in ("169.254.169.254", "127.0.0.1", "224.0.0.1"):
        names_lead_to(monkeypatch, reserved)
        with pytest.raises(AddressRefusedError):
            resolve("https://hooks.internal", loopback=False, private=True)


INNER = {
    "93.184.216.34": (True, True),
    "10.0.0.8": (False, True),
    "100.64.0.1": (False, True),
    "127.0.0.1": (False, False),
    "169.254.169.254": (False, False),
    "168.63.129.16": (False, False),
    "224.0.0.1": (False, False),
    "255.255.255.255": (False, False),
    "0.0.0.1": (False, False),
}
"""An IPv4 address: may be sent to, and may be where private addresses are allowed."""


def carriers(inner: str) -> dict[str, str]:
    """The forms in which IPv6 carries an IPv4 address."""
    bits = int(ipaddress.IPv4Address(inner))
    flipped = bits ^ 0xFFFFFFFF
    server = int(ipaddress.IPv4Address(PUBLIC_V4))

    def v6(number: int) -> str:
        return str(ipaddress.IPv6Address(number))

    return {
        "itself": inner,
        "mapped": v6(0xFFFF << 32 | bits),
        "compatible": v6(bits),
        "NAT64": v6(int(ipaddress.IPv6Address("64:ff9b::")) | bits),
        "6to4": v6(0x2002 << 112 | bits << 80),
        "6to4 in use": v6(0x2002 << 112 | bits << 80 | 1 << 64 | 1),
        "Teredo client": v6(0x20010000 << 96 | server << 64 | flipped),
        "Teredo server": v6(0x20010000 << 96 | bits << 64 | server ^ 0xFFFFFFFF),
        "ISATAP": v6(int(ipaddress.IPv6Address("2606:2800:220:1::")) | 0x5EFE << 32 | bits),
        "ISATAP, universal": v6(0x2606_2800_0220_0001 << 64 | 0x0200_5EFE << 32 | bits),
    }


@pytest.mark.parametrize("inner", INNER)
@pytest.mark.parametrize("form", carriers("10.0.0.8"))
def test_an_address_within_an_address_is_judged_as_itself(
    monkeypatch: pytest.MonkeyPatch, inner: str, form: str
) -> None:
    names_lead_to(monkeypatch, carriers(inner)[form])
    for private, may in zip((False, True), INNER[inner], strict=True):
        try:
            resolve("https://hooks.example.org", loopback=True, private=private)
        except AddressRefusedError:
            assert not may
        else:
            assert may


@pytest.mark.parametrize(
    "address",
    ["64:ff9b:1::a00:8", "64:ff9b:1:a00::8", "fec0::1", "4000::1", "100::1", "::", "ff02::1"],
)
def test_what_is_no_unicast_address_of_the_internet_is_refused_whatever_is_configured(
    monkeypatch: pytest.MonkeyPatch, address: str
) -> None:
    names_lead_to(monkeypatch, address)
    for private in (False, True):
        with pytest.raises(AddressRefusedError):
            resolve("https://hooks.example.org", loopback=False, private=private)


def test_a_name_is_looked_up_once_and_what_it_becomes_later_is_not_asked(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """DNS rebinding: public when it is judged, this machine when somebody connects."""
    answers = iter([PUBLIC_V4, "127.0.0.1"])

    def getaddrinfo(_: str, port: int, **__: Any) -> list[Any]:
        return [(2, 1, 6, "", (next(answers), port))]

    monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)
    found = resolve("https://hooks.example.org/x", loopback=False, private=False)
    assert found.url == f"https://{PUBLIC_V4}:443/x"
    assert next(answers) == "127.0.0.1"


def test_a_name_that_leads_nowhere(monkeypatch: pytest.MonkeyPatch) -> None:
    names_lead_to(monkeypatch)
    with pytest.raises(AddressRefusedError, match="nowhere"):
        resolve("https://hooks.example.org", loopback=False, private=False)
