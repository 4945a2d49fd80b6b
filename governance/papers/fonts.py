"""The typeface of the PDF edition, embedded; what it cannot draw is said, never dropped.

Public Sans covers the languages written in Latin letters, Vietnamese among them. A letter it lacks
is printed by its code point, as `[U+0436]`; the HTML edition carries the letter itself.
"""

import unicodedata
from functools import lru_cache
from importlib import resources

from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFont

REGULAR, BOLD, ITALIC = "PaperSans", "PaperSans-Bold", "PaperSans-Italic"
_FILES = {
    REGULAR: "PublicSans-Regular.ttf",
    BOLD: "PublicSans-Bold.ttf",
    ITALIC: "PublicSans-Italic.ttf",
}


@lru_cache(maxsize=1)
def register_fonts() -> frozenset[int]:
    """Make the typeface known to reportlab once.

    Returns:
        Code points that every cut can draw.
    """
    drawn: set[int] | None = None
    for name, file in _FILES.items():
        with resources.as_file(resources.files("governance.papers") / "fonts" / file) as path:
            font = TTFont(name, str(path))
        pdfmetrics.registerFont(font)
        has = set(font.face.charToGlyph)
        drawn = has if drawn is None else drawn & has
    pdfmetrics.registerFontFamily(
        REGULAR, normal=REGULAR, bold=BOLD, italic=ITALIC, boldItalic=BOLD
    )
    return frozenset(drawn or ())


def drawable(text: str) -> str:
    """The text in composed letters, each of which the typeface has."""
    known = register_fonts()
    composed = unicodedata.normalize("NFC", text)
    return "".join(_letter(letter, known) for letter in composed)


def _letter(letter: str, known: frozenset[int]) -> str:
    if letter == "\n" or ord(letter) in known:
        return letter
    if letter.isspace() or unicodedata.category(letter) == "Cc":
        return " "
    if unicodedata.category(letter) == "Cf":
        return ""  # joiners and marks of direction draw nothing
    return f"[U+{ord(letter):04X}]"
