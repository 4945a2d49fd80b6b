"""What of a sharing agreement binds a person, topic by topic; its digest goes out with the paper.

Left out: the parties, the persons, the dates of the paper, what a variable's description or a
contract's version says, and titles. So those may change without asking anybody to sign again.
"""

from collections.abc import Iterator

from governance.papers import clauses
from governance.papers.sharing import (
    SharingSource,
    approved_version,
    clock_words,
    feeds_agreements,
)
from governance.papers.words import list_words
from governance.requests.model import RequestContent
from governance.requests.precheck import PrecheckReport, precheck
from governance.requests.terms import Terms, Topic, scope_terms, topic


def binding_terms(source: SharingSource) -> Terms:
    """The terms of the agreement that `draft_sharing_agreement` makes of the same source.

    Raises:
        LedgerError: There is no such version, or it was never submitted.
    """
    version, content = approved_version(source)
    report = precheck(content, source.contracts, source.agreements, source.drafted_on, source.rules)
    return Terms(
        topics=(
            *scope_terms(version).topics,
            *_disclosure(report),
            *_standing(source, content),
            *_feeds(source, content),
        )
    )


def _disclosure(report: PrecheckReport) -> Iterator[Topic]:
    rule = report.output
    if rule is not None:
        yield from topic("Smallest count shown", str(rule.minimum_cell_count))
        yield from topic("Smallest denominator shown", str(rule.minimum_denominator))
        share = "" if rule.dominance_pct is None else f"{rule.dominance_pct} %"
        yield from topic("Largest share of one person or entity in a sum", share)
    combinations = (f"{list_words(c.columns)}: {c.reason}" for c in report.combinations)
    yield from topic("Never combined in one query", *combinations, listed=True)


def _standing(source: SharingSource, content: RequestContent) -> Iterator[Topic]:
    """Our own clauses, word for word."""
    clock, profile = source.profile.matching_clock, source.profile
    term, why = clock_words(content, clock)
    leavers = clauses.LEAVERS.format(hours=profile.leaver_notice_hours)
    matching = clauses.MATCHING.format(clock=term, why=why, clause=clock.clause)
    yield from topic("Clause on the purpose", clauses.ONLY_PURPOSE)
    yield from topic("Clause on the data", clauses.SCOPE)
    yield from topic("Clause on persons", f"{clauses.PERSONS} {leavers}")
    yield from topic("Clauses on security", *clauses.SECURITY, listed=True)
    yield from topic("Clause on publication", clauses.PUBLICATION)
    yield from topic("Clause on destruction", clauses.DESTRUCTION)
    yield from topic("Clause on matching files", matching)
    yield from topic("Clause on changes", clauses.CHANGE)
    yield from topic("What users acknowledge", *clauses.ACKNOWLEDGEMENT, listed=True)
    yield from topic("What the statement declares", *clauses.NDA, listed=True)


def _feeds(source: SharingSource, content: RequestContent) -> Iterator[Topic]:
    """The clauses of the feeds' agreements in force, word for word, whatever their version."""
    said: dict[str, list[str]] = {}
    for agreement in feeds_agreements(source, content):
        whose = source.profile.agency_code(agreement.agency)
        for clause in agreement.clauses:
            title = f"Agreement of {whose}, §{clause.id} {clause.title}"
            said.setdefault(title, []).append(clause.text)
    for title, texts in said.items():
        yield from topic(title, *texts, listed=len(texts) > 1)
