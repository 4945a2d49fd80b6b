import ast
import inspect
import itertools
from pathlib import Path

from governance.audit import tags

GUIDE = Path(__file__).parents[2] / "docs/guides/ledger.md"


def test_every_tag_is_in_the_guide_as_its_docstring_says() -> None:
    (table,) = [n for n in ast.parse(inspect.getsource(tags)).body if isinstance(n, ast.ClassDef)]
    expected = []
    for node, after in itertools.pairwise(table.body[1:]):
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Constant):
            tag = str(node.value.value) if isinstance(node.value.value, str) else ""
            assert isinstance(after, ast.Expr)
            assert isinstance(after.value, ast.Constant)
            text = " ".join(str(after.value.value).split())
            expected.append(f"| `{tag}` | {text} |")
    lines = GUIDE.read_text().splitlines()
    assert [line for line in lines if line.startswith("| `")] == expected
    assert len(expected) == len(tags.Tag)
