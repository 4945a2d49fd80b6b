"""Documents are read strictly: plain values, no key twice, nothing that grows."""

import pytest

from governance.documents import MAXIMUM_BYTES, Node, Problems, read_document


def problems_of(document: bytes) -> list[str]:
    problems = Problems()
    assert read_document(document, problems) is None
    return problems.found


@pytest.mark.parametrize(
    ("document", "expected"),
    [
        (b"a: 1\na: 2\n", "a key stands twice"),
        (b"a: {b: 1, b: 2}\n", "a key stands twice"),
        (b"a: &x [1]\nb: *x\n", "aliases (*name) are not allowed"),
        (b"a: !!python/object/apply:os.system ['true']\n", "no readable YAML"),
        (b"a: [1\n", "no readable YAML: line 2"),
        (b"- a\n- b\n", "must be a block"),
        (b"", "must be a block"),
        (b"\xff\xfe\x00", "no readable YAML"),
        (b"a: x\n" * (MAXIMUM_BYTES // 5 + 1), "larger than"),
    ],
)
def test_refused(document: bytes, expected: str) -> None:
    assert expected in problems_of(document)[0]


def test_dates_stay_text_and_stars_are_text() -> None:
    content = read_document(
        b'on: 2026-01-01\ncron: "0 6 * * *"\nfile: "*export*.zip"\n', Problems()
    )

    assert content is not None
    assert content["cron"] == "0 6 * * *"
    assert "2026-01-01" in content.values()


def test_a_node_gives_harmless_values_and_notes_the_problem() -> None:
    problems = Problems()
    node = Node({"n": "x", "flag": "yes", "list": "a", "block": 3, "share": 101}, "top", problems)

    assert node.whole("n") is None
    assert node.flag("flag", default=True) is True
    assert node.texts("list") == ()
    assert node.block("block") is None
    assert node.number("share", maximum=100) == 101.0
    assert list(node.blocks("n")) == []
    assert problems.found == [
        "top.n: must be a whole number, not 'x'",
        "top.flag: must be true or false, not 'yes'",
        "top.list: must be a list",
        "top.block: must be a block of `name: value` lines",
        "top.share: must be at most 100",
        "top.n: must be a list",
    ]
