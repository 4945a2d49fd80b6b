"""Every event either ledger may hold, in one table: `subject:past_tense`.

A tag that is not here cannot be appended. The docstring under each says when it is written and what
its facts hold; facts are row-free (names, counts, ids, positions).
"""

from enum import StrEnum


class Tag(StrEnum):
    """What happened."""

    DEPLOYMENT_INITIALIZED = "deployment:initialized"
    """A deployment was set up; the first entry of a data plane's chain."""
    KEY_DESTROYED = "key:destroyed"
    """A key's material was destroyed: what it wrapped is unreadable from then on. Facts: key id."""

    SUBMISSION_RECEIVED = "submission:received"
    """Custody was taken. Facts: agency, dataset, period, revision, bytes, SHA-256, agreement."""
    SUBMISSION_REFUSED = "submission:refused"
    """Policy said no to a drop: no agreement in force, unknown dataset. Facts: reasons, clauses."""
    SUBMISSION_REJECTED = "submission:rejected"
    """The whole submission failed its contract. Facts: counts per rule, threshold, clause."""
    SUBMISSION_HELD = "submission:held"
    """The risk gate held it before landing. Facts: risk measures, gate, clause."""
    SUBMISSION_SUPERSEDED = "submission:superseded"
    """A correction replaced it in one commit. Facts: superseded and superseding submission."""
    SUBMISSION_DUPLICATE_IGNORED = "submission:duplicate_ignored"
    """The same file came again. Facts: the submission that it repeats."""
    SUBMISSION_FAILED = "submission:failed"
    """A step broke its promise and will be tried again or looked at. Facts: step, error code."""
    ROWS_QUARANTINED = "rows:quarantined"
    """Failing rows were set apart, encrypted. Facts: counts per rule, object key."""
    TABLE_COMMITTED = "table:committed"
    """Cleared rows were committed. Facts: table, version, rows, submission, plan hash."""
    TABLE_DESTROYED = "table:destroyed"
    """Curated rows were destroyed on their clock. Facts: table, versions, what survives, clause."""
    RECEIPT_ISSUED = "receipt:issued"
    """The agency's receipt was written. Facts: submission, digest of the receipt."""
    RAW_FILE_DESTROYED = "raw_file:destroyed"
    """A landed file was destroyed on its clock. Facts: submission, method, certificate digest."""
    QUARANTINE_DESTROYED = "quarantine:destroyed"
    """Quarantined rows were destroyed on their clock. Facts: submission, certificate digest."""
    QUARANTINE_EXPORTED = "quarantine:exported"
    """Quarantined rows were given back to their agency. Facts: submission, rows, to whom."""
    AGREEMENT_EXPIRED = "agreement:expired"
    """A feed's agreement ended; its steps refuse from then on. Facts: agreement, end date."""

    GRANT_PUBLISHED = "grant:published"
    """A signed grant bundle went to the policy zone. Facts: project, version, digest, end date."""
    GRANT_REFUSED = "grant:refused"
    """A bundle was not published: signature, version, dates. Facts: project, reason."""
    GRANT_EXPIRED = "grant:expired"
    """A grant's last day passed. Facts: project, version, end date."""
    GRANT_REVOKED = "grant:revoked"
    """A grant was taken back before its end. Facts: project, version, reason."""
    PEOPLE_PUBLISHED = "people:published"
    """The signed mapping of sign-ins to persons went to the policy zone. Facts: version, digest."""
    ROOT_PUBLISHED = "root:published"
    """A root document went to the policy zone. Facts: version, digest, key ids."""

    QUERY_ANSWERED = "query:answered"
    """A researcher got an answer. Facts: project, bundle version, person, statement digest,
    snapshots, rules applied, counts of cells and suppressions."""
    QUERY_DENIED = "query:denied"
    """Policy said no to a query. Facts: project, person, rules that denied, clauses."""
    QUERY_FAILED = "query:failed"
    """A permitted query broke off (time, memory). Facts: project, person, error code."""

    LEDGER_VERIFIED = "ledger:verified"
    """Somebody verified the chain. Facts: entries, head, problems found."""
    PAYLOAD_ERASED = "payload:erased"
    """The facts of an earlier entry were erased; its commitment stays. Facts: seq, reason."""
