"""Every event either ledger may hold, in one table: `subject:past_tense`.

A tag that is not here cannot be appended. The docstring under each says when it is written and what
its facts hold; facts are row-free (names, counts, ids, positions).
"""

from enum import StrEnum
from typing import Final


class Tag(StrEnum):
    """What happened."""

    DEPLOYMENT_INITIALIZED = "deployment:initialized"
    """A deployment was set up; the first entry of a data plane's chain."""
    KEY_DESTROYED = "key:destroyed"
    """A key's material was destroyed: what it wrapped is unreadable from then on. Facts: key id."""

    SUBMISSION_RECEIVED = "submission:received"
    """Custody was taken. Facts: agency, dataset, period, revision, bytes, SHA-256, agreement."""
    SUBMISSION_REFUSED = "submission:refused"
    """Policy said no to a drop: no agreement in force, unknown dataset. Facts: codes of the
    reasons."""
    SUBMISSION_REJECTED = "submission:rejected"
    """The whole submission failed its contract. Facts: rows read and failed, failing rows per rule,
    codes of the reasons, threshold, clause."""
    SUBMISSION_HELD = "submission:held"
    """The risk gate held it before landing. Facts: risk measures, gate, clause."""
    SUBMISSION_SUPERSEDED = "submission:superseded"
    """A correction replaced it in one commit. Facts: the superseding submission."""
    SUBMISSION_DUPLICATE_IGNORED = "submission:duplicate_ignored"
    """The same file came again. Facts: the submission that it repeats."""
    SUBMISSION_FAILED = "submission:failed"
    """A step broke. Facts: step, error code; `for_good` when the raw file's term ended first."""
    ROWS_QUARANTINED = "rows:quarantined"
    """Failing rows were set apart, encrypted. Facts: rows, failing rows per rule, object key."""
    TABLE_COMMITTED = "table:committed"
    """Cleared rows were committed. Facts: table, version, rows, submission, plan hash."""
    TABLE_DESTROYED = "table:destroyed"
    """Curated rows were destroyed on their clock. Facts: table, versions, what survives, clause."""
    RECEIPT_ISSUED = "receipt:issued"
    """The agency's receipt was written. Facts: submission, digest of the receipt."""
    RAW_FILE_DESTROYED = "raw_file:destroyed"
    """A landed file was destroyed on its clock. Facts: certificate digest."""
    QUARANTINE_DESTROYED = "quarantine:destroyed"
    """Quarantined rows were destroyed on their clock. Facts: certificate digest."""
    IDENTITY_ERASED = "identity:erased"
    """A person was taken out of a crosswalk at the agency's request. Facts: agency, domain,
    generation, whether known, the agency's reference, who did it."""
    QUARANTINE_EXPORTED = "quarantine:exported"
    """Quarantined rows were given back to their agency. Facts: rows, person they went to."""
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
    """A question came to no answer (time, memory, no rule to judge it). Facts: person, code."""
    QUERY_STOPPED = "query:stopped"
    """A running query was stopped: its grant was taken back or narrowed meanwhile. Facts: project,
    person, bundle version it began under, newer version, rules."""
    MATCH_COMPLETED = "match:completed"
    """Persons were matched between agencies. Facts: project, counts, digest of the matrix."""
    MATCH_INPUT_DESTROYED = "match_input:destroyed"
    """A matching input was destroyed on its clock. Facts: project, agency, certificate digest."""
    OUTPUT_RELEASED = "output:released"
    """An output left through the airlock. Facts: project, cells, suppressed, receipt digest."""

    SEAT_FILLED = "seat:filled"
    """An agency named its member. Facts: agency, person."""
    SEAT_VACATED = "seat:vacated"
    """A seat has no member. Facts: agency."""
    ALTERNATE_NAMED = "alternate:named"
    """An agency named its alternate. Facts: agency, person, until."""
    PROXY_FILED = "proxy:filed"
    """A proxy letter came on file. Facts: agency, giver, holder, period."""
    PROXY_WITHDRAWN = "proxy:withdrawn"
    """A proxy letter was withdrawn. Facts: agency, giver, holder."""
    INTEREST_DECLARED = "interest:declared"
    """Somebody declared an interest in a motion's subject. Facts: person, text."""
    MEETING_NOTICED = "meeting:noticed"
    """A meeting's notice was posted. Facts: start, public or not, what it takes up."""
    MEETING_OPENED = "meeting:opened"
    """A meeting came to session."""
    MEETING_ADJOURNED = "meeting:adjourned"
    """A meeting broke off, as without a quorum. Facts: reason."""
    MEETING_CLOSED = "meeting:closed"
    """A meeting ended."""
    PERSON_ARRIVED = "person:arrived"
    """Somebody entered a meeting. Facts: person."""
    PERSON_DEPARTED = "person:departed"
    """Somebody left a meeting. Facts: person."""
    MOTION_MOVED = "motion:moved"
    """A motion was moved. Facts: kind, subject, text, conditions."""
    MOTION_PUT = "motion:put"
    """The vote on a motion was called."""
    VOTE_CAST = "vote:cast"
    """A seat voted. Facts: agency, person, choice, rationale; public."""
    MOTION_PASSED = "motion:passed"
    """A vote was closed and the motion passed. Facts: arithmetic, roll call."""
    MOTION_FAILED = "motion:failed"
    """A vote was closed and the motion failed. Facts: arithmetic, roll call, reasons."""
    AGENCY_ADMITTED = "agency:admitted"
    """The executive board admitted an agency. Facts: agency, motion."""

    DATA_REQUEST_DRAFTED = "data_request:drafted"
    """A draft was saved. Facts: digest of its content."""
    DATA_REQUEST_SUBMITTED = "data_request:submitted"
    """A requestor submitted. Facts: version, digest of its content."""
    DATA_REQUEST_RETURNED = "data_request:returned"
    """Sent back to its requestor. Facts: by whom, what to mend."""
    DATA_REQUEST_FOUND_COMPLETE = "data_request:found_complete"
    """The completeness check passed. Facts: agencies that review, agencies carried over."""
    DATA_REQUEST_PART_REVIEWED = "data_request:part_reviewed"
    """An owner decided on its agency's part. Facts: agency, choice, reason, conditions."""
    DATA_REQUEST_APPROVED = "data_request:approved"
    """The board approved. Facts: motion, meeting."""
    DATA_REQUEST_APPROVED_WITH_CONDITIONS = "data_request:approved_with_conditions"
    """The board approved with conditions. Facts: motion, meeting, conditions."""
    DATA_REQUEST_DENIED = "data_request:denied"
    """The board denied, or an owner rejected its part. Facts: motion or agency, reasons."""
    DATA_REQUEST_WITHDRAWN = "data_request:withdrawn"
    """The requestor took it back. Facts: reason."""
    DATA_REQUEST_GRANTED = "data_request:granted"
    """Its grant is published. Facts: bundle version and digest."""
    DATA_REQUEST_EXPIRING = "data_request:expiring"
    """Its grant ends soon. Facts: end date."""
    DATA_REQUEST_ENDED = "data_request:ended"
    """Its grant's last day passed. Facts: end date."""
    DATA_REQUEST_REVOKED = "data_request:revoked"
    """Its permission was taken back. Facts: reason."""
    DATA_REQUEST_SUPERSEDED = "data_request:superseded"
    """A newer version was granted in its place. Facts: that version."""
    DATA_REQUEST_CLOSED = "data_request:closed"
    """Nothing is left to do."""
    SHARING_AGREEMENT_SENT = "sharing_agreement:sent"
    """The agreement went out for signature. Facts: id, digest, parties, digest of its terms."""
    SHARING_AGREEMENT_SIGNED = "sharing_agreement:signed"
    """A party signed. Facts: party, date, digest of what was signed."""
    NDA_SIGNED = "nda:signed"
    """A person signed the confidentiality statement. Facts: person, date."""
    TRAINING_RECORDED = "training:recorded"
    """A person's training was recorded. Facts: person, completed on, valid until."""
    CONDITION_MET = "condition:met"
    """A condition of an approval was met. Facts: condition, date."""
    PERSON_LEFT = "person:left"
    """A named person left and access ended, or that was a mistake. Facts: person, date, which."""
    DESTRUCTION_CERTIFIED = "destruction:certified"
    """A recipient certified destruction. Facts: digest of the certificate, what survives."""

    PERSON_REGISTERED = "person:registered"
    """A person's record was made. Facts: the record."""
    PERSON_CHANGED = "person:changed"
    """A person's record changed. Facts: the record as it is, and why."""
    PERSON_ENDED = "person:ended"
    """A person's employment ended. Facts: last day, why."""
    PERSON_STOOD_IN_FOR = "person:stood_in_for"
    """An operator gave a command at the command line in another's name. Facts: who, command."""
    ACTION_DENIED = "action:denied"
    """Somebody asked for what policy refuses. Facts: who, action, rules, clauses."""
    ATTACHMENT_FILED = "attachment:filed"
    """A document was filed with a request. Facts: id, kind, digest, bytes."""
    ATTACHMENT_READ = "attachment:read"
    """Somebody read a confidential document. Facts: who, id."""
    REMINDER_SENT = "reminder:sent"
    """A reminder went out. Facts: to whom, kind, what it is about."""
    PACKET_ISSUED = "packet:issued"
    """A meeting's packet was made. Facts: meeting, digest."""
    WEBHOOK_REGISTERED = "webhook:registered"
    """An address gets signed notices. Facts: id, address, tags."""
    WEBHOOK_REMOVED = "webhook:removed"
    """An address gets no more notices. Facts: id."""
    RECORDS_REQUEST_ROUTED = "records_request:routed"
    """A public-records request went to the originating agencies. Facts: agencies, those written to,
    those to whom the office forwards it, letter digest."""
    COST_RECORDED = "cost:recorded"
    """A cost of the programme. Facts: year, heading, amount in cents, note."""
    PUBLICATION_PROPOSED = "publication:proposed"
    """A project means to publish. Facts: id, title, kind, venue, day, agencies."""
    PUBLICATION_SEEN = "publication:seen"
    """A contributing agency saw an output before it appears. Facts: id, agency, comment."""
    PUBLICATION_WITHDRAWN = "publication:withdrawn"
    """A proposed publication was taken back. Facts: id, reason."""
    PUBLICATION_RECORDED = "publication:recorded"
    """A project's output was published. Facts: id, kind, request, title, address, date."""
    LINK_DESTRUCTION_CONFIRMED = "link_destruction:confirmed"
    """An agency destroyed its link from source id to synthetic id. Facts: agency."""
    MATCH_RECORDED = "match:recorded"
    """A line of the match log. Facts: its published columns."""
    FEED_STOPPED = "feed:stopped"
    """The data plane's event feed did not verify. Facts: position, why."""

    LEDGER_VERIFIED = "ledger:verified"
    """Somebody verified the chain. Facts: entries, head, problems found."""
    ERASURE_ASKED = "erasure:asked"
    """Somebody of the office asked that facts be erased. Facts: which, reason, words about it."""
    ERASURE_CLOSED = "erasure:closed"
    """An erasure that was asked for was carried out by somebody else, or dropped. Facts: asked,
    outcome, entries."""
    PAYLOAD_ERASED = "payload:erased"
    """The facts of an earlier entry were erased; its commitment stays. Facts: seq, reason (a code),
    the entry that asked for it."""


CONFIDENTIAL_FACTS: Final = frozenset(
    {
        Tag.INTEREST_DECLARED,
        Tag.DATA_REQUEST_DRAFTED,
        Tag.DATA_REQUEST_RETURNED,
        Tag.DATA_REQUEST_PART_REVIEWED,
        Tag.DATA_REQUEST_DENIED,
        Tag.DATA_REQUEST_WITHDRAWN,
        Tag.DATA_REQUEST_REVOKED,
        Tag.DATA_REQUEST_CLOSED,
        Tag.SHARING_AGREEMENT_SENT,
        Tag.SHARING_AGREEMENT_SIGNED,
        Tag.DESTRUCTION_CERTIFIED,
        Tag.NDA_SIGNED,
        Tag.TRAINING_RECORDED,
        Tag.PERSON_LEFT,
        Tag.PERSON_REGISTERED,
        Tag.PERSON_CHANGED,
        Tag.PERSON_ENDED,
        Tag.PERSON_STOOD_IN_FOR,
        Tag.ACTION_DENIED,
        Tag.ATTACHMENT_FILED,
        Tag.ATTACHMENT_READ,
        Tag.REMINDER_SENT,
        Tag.WEBHOOK_REGISTERED,
        Tag.WEBHOOK_REMOVED,
        Tag.RECORDS_REQUEST_ROUTED,
        Tag.PUBLICATION_PROPOSED,
        Tag.PUBLICATION_SEEN,
        Tag.PUBLICATION_WITHDRAWN,
        Tag.MATCH_RECORDED,
        Tag.ERASURE_ASKED,
    }
)
"""Tags of the board's chain whose facts its public copy leaves out: drafts, persons, free text that
may name one. The entries themselves, with their commitments, are public all the same."""
