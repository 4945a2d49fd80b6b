"""Names of the model in words, and the color of a status' tag."""

STATUS_TONES = {
    "draft": "base", "submitted": "info", "returned": "warning", "owner_review": "info",
    "board_vote": "info", "approved": "success", "approved_with_conditions": "success",
    "denied": "error", "withdrawn": "base", "agreements_out": "warning", "granted": "success",
    "expiring": "warning", "ended": "base", "revoked": "error", "superseded": "base",
    "destruction_certified": "info", "closed": "base",
}  # fmt: skip
"""Color of a status' tag; a status is always said in words as well."""


def words(value: object) -> str:
    """A name of the model in words: `owner_review` is `Owner review`."""
    text = str(value).replace("_", " ").strip()
    return text[:1].upper() + text[1:]


def tone_of(status: object) -> str:
    """The tone of a status' tag."""
    return STATUS_TONES.get(str(status), "base")
