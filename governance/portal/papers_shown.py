"""A paper as part of a page, or as a PDF to keep."""

from markupsafe import Markup
from starlette.responses import Response

from governance.papers import Paper, render_html, render_pdf
from governance.portal.downloads import PDF, download


def paper_html(paper: Paper, *, level: int = 2) -> Markup:
    """The paper for a page.

    Args:
        paper: The paper.
        level: Of its first heading, below what the page has above it.
    """
    return Markup(render_html(paper, level=level))  # noqa: S704  the renderer escapes every text


def paper_pdf(paper: Paper) -> Response:
    """The paper as a PDF, under its own name."""
    return download(render_pdf(paper), PDF, f"{paper.file_name}.pdf")
