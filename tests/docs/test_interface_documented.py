"""The documentation's copy of the interface is current."""

from tests.lib.generated import ROOT
from tests.lib.interface_pages import interface_pages


def test_the_interface_s_pages_are_current() -> None:
    found = interface_pages()
    for name, text in found.items():
        path = ROOT / "docs" / "reference" / name
        assert path.read_text(encoding="utf-8") == text, "Run: python -m tests.lib.generated"
    assert found["interface.md"].count("\n| `") > 100
