"""Papers of a request, kept under their own digest beside the documents that were filed."""

import contextlib

from governance.decisions import Denial, refusal_of
from governance.errors import DocumentError, ObjectNotFoundError, PreconditionFailedError
from governance.papers import Paper, parse_paper
from governance.requests.terms import Terms, parse_terms
from governance.services.programme import Programme
from governance.store import NotFoundError


def keep_paper(p: Programme, number: str, paper: Paper) -> None:
    """Keep a paper; the same text is kept once."""
    with contextlib.suppress(PreconditionFailedError):  # the same text is kept already
        p.documents.put(_key(number, paper.digest), paper.stored(), if_none_match=True)


def kept_paper(p: Programme, number: str, digest: str) -> Paper:
    """The paper of that digest.

    Raises:
        AccessDeniedError: What lies there is another text.
        NotFoundError: It is not on file.
    """
    try:
        paper = parse_paper(p.documents.read(_key(number, digest)), f"The document of {number}")
    except ObjectNotFoundError:
        raise NotFoundError("The document that went out is not on file.") from None
    if paper.digest != digest:
        rule = "document.digest"
        reason = "The document on file is not the one that went out."
        remedy = "Tell the operating office: it was altered."
        raise refusal_of(Denial(rule, reason, remedy, p.rules.chain_clause))
    return paper


def keep_terms(p: Programme, number: str, terms: Terms) -> None:
    """Keep the terms of an agreement that goes out, under their own digest."""
    with contextlib.suppress(PreconditionFailedError):
        p.documents.put(_terms_key(number, terms.digest), terms.stored(), if_none_match=True)


def kept_terms(p: Programme, number: str, digest: str | None) -> Terms | None:
    """The terms of that digest; None when they are not on file, or are others by now."""
    if digest is None:
        return None
    with contextlib.suppress(ObjectNotFoundError, DocumentError):
        terms = parse_terms(p.documents.read(_terms_key(number, digest)), f"Terms of {number}")
        return terms if terms.digest == digest else None
    return None


def _terms_key(number: str, digest: str) -> str:
    return f"papers/{number}/terms/{digest}.json"


def _key(number: str, digest: str) -> str:
    return f"papers/{number}/{digest}.json"
