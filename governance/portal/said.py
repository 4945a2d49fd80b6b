"""What a page says after a form was taken, by key; the key travels in the address (`?said=…`).

Words stand here and never in the address, so no link can put words into the portal's mouth.
"""

SAID: dict[str, str] = {
    "signed_out": "You are signed out.",
    "signed_out_everywhere": "You are signed out on all your devices.",
    "saved": "Your changes are saved.",
}
"""Areas add their own sentences with `add_said`."""


def add_said(**sentences: str) -> None:
    """Add sentences of an area of the portal.

    Raises:
        ValueError: A key is taken by another sentence.
    """
    for key, sentence in sentences.items():
        if SAID.setdefault(key, sentence) != sentence:
            raise ValueError(key)
