"""Papers as programs take them: as data, as a page, as a PDF; the same digest."""

from typing import Annotated, Any, Final, Literal

from fastapi import Query
from pydantic import BaseModel, ConfigDict, Field, create_model
from starlette.responses import JSONResponse, Response

from governance.papers import Paper, render_page
from governance.portal.api.models import PROBLEMS
from governance.portal.assets import PAPERS
from governance.portal.downloads import HTML, download
from governance.portal.papers_shown import paper_pdf
from governance.portal.visits import Visit


class EditionAsked(BaseModel):
    """Which edition of a paper."""

    model_config = ConfigDict(extra="forbid")
    format: Annotated[
        Literal["json", "html", "pdf"], Field(description="As data, as a page, as a PDF.")
    ] = "json"


class VersionAsked(EditionAsked):
    """Which edition, of which version of a request."""

    version: Annotated[
        int | None, Field(ge=1, le=10_000, description="The newest unless said.")
    ] = None


Edition = Annotated[EditionAsked, Query()]
EditionOfVersion = Annotated[VersionAsked, Query()]
_FIELDS: dict[str, Any] = {n: (f.annotation, f) for n, f in Paper.model_fields.items()}
PaperAnswer: Final[type[BaseModel]] = create_model(
    "PaperAnswer",
    __doc__="A paper as data; `digest` is what is signed.",
    digest=(str, Field(pattern=r"^[0-9a-f]{64}$")),
    **_FIELDS,
)
PAPER: Final[dict[str, Any]] = {
    "response_model": PaperAnswer,
    "responses": {
        **PROBLEMS,
        200: {
            "description": "The paper, in the edition that was asked for.",
            "content": {
                "text/html": {"schema": {"type": "string"}},
                "application/pdf": {"schema": {"type": "string", "format": "binary"}},
            },
        },
    },
}
"""What a route that answers with a paper says of its answers."""


def answer_paper(visit: Visit, paper: Paper, edition: str = "json") -> Response:
    """The paper in an edition: `json`, `html` or `pdf`."""
    if edition == "pdf":
        return paper_pdf(paper)
    if edition == "html":
        stylesheet = visit.portal.base_url + visit.portal.assets.address(PAPERS)
        page = render_page(paper, stylesheet)
        return download(page.encode(), HTML, f"{paper.file_name}.html")
    return JSONResponse(tell_paper(paper))


def tell_paper(paper: Paper) -> dict[str, Any]:
    """The paper as data, with its digest."""
    return {**paper.model_dump(mode="json"), "digest": paper.digest}
