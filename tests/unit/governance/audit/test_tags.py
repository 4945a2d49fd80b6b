import ast
import inspect
import itertools
import re

from governance.audit import tags


def test_every_tag_has_the_grammar_and_a_docstring() -> None:
    tree = ast.parse(inspect.getsource(tags))
    (table,) = [n for n in tree.body if isinstance(n, ast.ClassDef)]
    body = table.body[1:]
    documented = {
        node.targets[0].id
        for node, after in itertools.pairwise(body)
        if isinstance(node, ast.Assign)
        and isinstance(node.targets[0], ast.Name)
        and isinstance(after, ast.Expr)
    }
    assert documented == {tag.name for tag in tags.Tag}
    for tag in tags.Tag:
        assert re.fullmatch(r"[a-z]+(_[a-z]+)*:[a-z]+(_[a-z]+)*", tag.value)
        assert tag.name == tag.value.upper().replace(":", "_")
