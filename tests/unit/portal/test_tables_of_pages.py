"""A table that can grow is a list: it filters, sorts, pages and exports. The others say why not."""

from pathlib import Path
from typing import Final

import governance.portal

FIXED: Final = {
    "agency/overview.html": "the newest few; their lists have all, and one line a dataset",
    "boards/body.html": "one seat an agency",
    "boards/motion.html": "the roll call of a motion, one line a seat",
    "catalogue/dataset.html": "the variables of a dataset, to choose from in one form",
    "office/configuration.html": "names and values",
    "office/parts.html": "the first few of a queue, whose list has all; two kinds of messages",
    "register/show.html": "the roll call of a motion, one line a seat",
    "request_acts/parts.html": "the variables of a request, reviewed as a whole",
    "requests/show.html": "the persons of a request, reviewed as a whole",
}
LIST: Final = "macros/lists.html"


def test_every_table_is_a_list_or_cannot_grow() -> None:
    folder = Path(governance.portal.__file__).parent / "templates"
    texts = {path.relative_to(folder).as_posix(): path.read_text() for path in folder.rglob("*")
             if path.suffix == ".html"}  # fmt: skip
    tables = {name for name, text in texts.items() if "<table" in text}
    assert tables - {LIST} == set(FIXED)
    assert any("list_table(listing)" in text for text in texts.values())
