"""The words of the notices: what happened, what to do, and what happens then.

One row a kind; `ACTION_WAITING` and `OVERDUE` take theirs from the step that waits.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from governance.mail.notices import Capacity, NoticeKind
from governance.requests.states import Status


@dataclass(frozen=True, slots=True)
class Words:
    """Sentences of one kind of notice, with the notice's facts in braces.

    Attributes:
        news: What happened or stands; the subject and heading too.
        do: What the addressee does; empty when nothing.
        then: What happens then.
    """

    news: str
    do: str
    then: str


STEPS: Final[Mapping[Status, Words]] = {
    Status.SUBMITTED: Words(
        "{about} waits for the completeness check",
        "Check that the request is complete; pass it, or return it and name what to mend.",
        "The owners then review their own parts, or the requestor mends what you name.",
    ),
    Status.RETURNED: Words(
        "{about} was returned: {count} to mend",
        "Open the request, mend what is named there, and submit it again.",
        "The reviewers then see what changed, and the review goes on.",
    ),
    Status.OWNER_REVIEW: Words(
        "{about} waits for the decision of {office}",
        "Decide on your agency's own part: approve it, ask for changes, or reject it. If you have "
        "an interest in it, declare it: your alternate then decides.",
        "When every contributing agency has decided, the board votes.",
    ),
    Status.BOARD_VOTE: Words(
        "{about} waits for the board's vote",
        "Put it on the agenda of a noticed public meeting, and record the board's vote.",
        "If it is approved, the sharing agreement goes out for signature.",
    ),
    Status.APPROVED: Words(
        "{about} is approved: its sharing agreement waits to be sent",
        "Send the sharing agreement out for signature.",
        "The parties sign, each named person signs the confidentiality statement and trains.",
    ),
    Status.APPROVED_WITH_CONDITIONS: Words(
        "{about} is approved with conditions: its sharing agreement waits to be sent",
        "Send the sharing agreement out for signature.",
        "The parties sign; the conditions are met before anybody has access.",
    ),
    Status.AGREEMENTS_OUT: Words(
        "{about} waits for signatures",
        "Sign the sharing agreement, or ask {office} to.",
        "When every party has signed, the grant is published.",
    ),
    Status.ENDED: Words(
        "{about} waits for the destruction certificate",
        "Destroy what you hold under the agreement, and certify it.",
        "The office checks the certificate and closes the request.",
    ),
    Status.REVOKED: Words(
        "{about} was revoked and waits for the destruction certificate",
        "Destroy what you hold under the agreement, and certify it.",
        "The office checks the certificate and closes the request.",
    ),
    Status.DESTRUCTION_CERTIFIED: Words(
        "{about}: a destruction certificate waits to be checked",
        "Check the certificate, and close the request.",
        "Nothing is then left to do.",
    ),
}

WORDS: Final[Mapping[NoticeKind, Words]] = {
    NoticeKind.RETURNED: STEPS[Status.RETURNED],
    NoticeKind.DECIDED: Words(
        "{about}: the decision is {status}",
        "Read the decision and its reasons on the request's page.",
        "After an approval the sharing agreement goes out for signature. An approval is not yet "
        "access. After a denial a new request may be made.",
    ),
    NoticeKind.AGREEMENT_TO_SIGN: Words(
        "{about}: the sharing agreement waits for {office}",
        "Read the agreement and sign it for {office}.",
        "When every party has signed, the grant is published.",
    ),
    NoticeKind.NDA_MISSING: Words(
        "{about}: your confidentiality statement is missing",
        "Read and sign the confidentiality and non-disclosure statement. Nobody signs it for you.",
        "Without it you have no access, also when others of the project do.",
    ),
    NoticeKind.NDA_AGAIN: Words(
        "{about}: sign again, the terms changed",
        "Read what is new in the terms, and sign the confidentiality and non-disclosure statement "
        "again. Nobody signs it for you.",
        "Under the changed terms you have no access without it, also when others of the project "
        "do. Until they are granted, the grant in force goes on under the terms you signed.",
    ),
    NoticeKind.TRAINING_MISSING: Words(
        "{about}: your training is missing or over",
        "Take the training, and hand in the proof to the operating office.",
        "Without it you have no access, also when others of the project do.",
    ),
    NoticeKind.TRAINING_EXPIRING: Words(
        "{about}: your training is valid for {count_of_days} more",
        "Renew the training before {on}, and hand in the proof to the operating office.",
        "Your access ends the day after, until the training is renewed.",
    ),
    NoticeKind.GRANT_PUBLISHED: Words(
        "{about} is granted",
        "You may query the data until {on}, that day included, within the approved purpose.",
        "Whether you have access is worked out at each query: agreement, confidentiality "
        "statement, training and employment must all hold that day.",
    ),
    NoticeKind.GRANT_EXPIRING: Words(
        "{about}: the grant ends {in_days}",
        "If you need the data longer, ask for a continuation now. Otherwise do nothing.",
        "Access ends after {on}. What you hold is then destroyed, and you certify it.",
    ),
    NoticeKind.GRANT_ENDED: Words(
        "{about}: the grant has ended",
        "Destroy what you hold under the agreement, and certify it on the request's page.",
        "The office checks the certificate and closes the request.",
    ),
    NoticeKind.GRANT_REVOKED: Words(
        "{about} was revoked",
        "Stop using the data at once. The reason stands on the request's page.",
        "Queries are refused from now on. What is held is destroyed, and that is certified.",
    ),
    NoticeKind.DESTRUCTION_DUE: Words(
        "{about}: destruction is due {in_days}",
        "Destroy what you hold under the agreement, and certify it, saying what survives.",
        "The office checks the certificate and closes the request.",
    ),
    NoticeKind.DESTRUCTION_OVERDUE: Words(
        "{about}: the destruction certificate is {count_of_days} overdue",
        "Destroy what is held under the agreement now, and certify it, saying what survives.",
        "The office reports it to the contributing agencies.",
    ),
    NoticeKind.MATCH_DESTRUCTION_DUE: Words(
        "{about}: matching files are to be destroyed",
        "Destroy the matching files, and hand in the certificate.",
        "The office notes the day in the match log.",
    ),
    NoticeKind.MATCH_DESTRUCTION_OVERDUE: Words(
        "{about}: matching files are overdue for destruction",
        "Destroy the matching files now, and hand in the certificate.",
        "The office reports it to the agencies whose data is in them.",
    ),
    NoticeKind.MATCH_DESTRUCTION_AMISS: Words(
        "{about}: matching files were not destroyed as the clock asks",
        "Say in the certificate how it came.",
        "The office reports it to the agencies whose data was in them.",
    ),
    NoticeKind.MATCH_CONFIRMATION_WAITING: Words(
        "{about}: the stewards have yet to confirm the match",
        "Look at the match's quality and tell the office that you confirm it, or that you do not. "
        "The office records it in the match log.",
        "The clock of the matching files then runs from the confirmation. Until then it runs from "
        "the day of the matrix.",
    ),
    NoticeKind.LINK_DESTRUCTION_WAITING: Words(
        "{about}: {office} has yet to confirm that its link is destroyed",
        "Destroy the link between your source ids and the synthetic ids, and confirm it.",
        "Your agency may analyze its own data within the project only after that.",
    ),
    NoticeKind.MEETING_NOTICED: Words(
        "{title} meets on {starts}",
        "Come, or file a dated proxy letter before the meeting starts. Declare interests you have "
        "in a matter of the agenda.",
        "Without a quorum the meeting is rescheduled.",
    ),
    NoticeKind.PACKET_READY: Words(
        "The packet for the meeting on {starts} is ready",
        "Read the packet before the meeting.",
        "The requests in it are put to the vote.",
    ),
    NoticeKind.LEAVER: Words(
        "{about}: somebody it names has left",
        "Look at the request's persons. Record the leaver if that is not done.",
        "They have no access to this request's data since {on}; no other person's access ends.",
    ),
    NoticeKind.LEAVER_ELSEWHERE: Words(
        "{about}: somebody it names has left, and other requests name them",
        "Look at the record of the person. If they left their employer, end the employment: one "
        "button on your desk. If they stay, save the record with the reason.",
        "Until then they have access by the other requests: {others}.",
    ),
    NoticeKind.PUBLICATION_TO_SEE: Words(
        "{about}: an output waits for {office} to see it before it is published",
        "Look at the output, and say on its page that {office} has seen it. You may add a comment "
        "for the project; what it rests on is confidential until it is published.",
        "Once every contributing agency has seen it, the project may publish it.",
    ),
    NoticeKind.PUBLICATION_OVERDUE: Words(
        "{about}: {office} has not seen an output in time, for {count_of_days}",
        "The data owner of {office} looks at the output and says so on its page.",
        "Until then it is not published, unless the programme lets silence pass.",
    ),
    NoticeKind.PUBLICATION_CLEARED: Words(
        "{about}: an output may be published",
        "Read what the agencies say on its page. Publish it, and tell the operating office where "
        "and when it appeared.",
        "The office records it; it then stands in the public register.",
    ),
    NoticeKind.PUBLICATION_TO_RECORD: Words(
        "{about}: the agencies' time to see an output is over",
        "Once it has appeared, record its address and the day on its page.",
        "It then stands in the public register, its feed and the annual report.",
    ),
    NoticeKind.SUBMISSION_REJECTED: Words(
        "{office}: a submission of {dataset} was rejected",
        "Read the receipt: it counts what is wrong, by rule. Deliver the corrected file again.",
        "Nothing of the rejected submission is used. What was delivered before stays as it is.",
    ),
    NoticeKind.BUNDLES_STALE: Words(
        "The signer seems to stand still: {n} grant(s) wait to be published anew",
        "Look after the signer (`governance signer run`, its key and its root).",
        "A bundle is refused by the data plane after {on}: queries of its project stop until it is "
        "published anew.",
    ),
    NoticeKind.FEED_SILENT: Words(
        "The data plane has told nothing since {on}",
        "Look after the data plane and its feed (`enclave feed verify`).",
        "What the portal shows of submissions, matches and releases is as old as that.",
    ),
}

WHY: Final[Mapping[Capacity, str]] = {
    Capacity.REQUESTOR: "you made this request, or act for it as named in it",
    Capacity.OPERATOR: "you work in the operating office",
    Capacity.DATA_OWNER: "you decide for {office} about its data",
    Capacity.DATA_STEWARD: "you deliver the data of {office}",
    Capacity.SIGNATORY: "you sign for {office}",
    Capacity.NAMED_PERSON: "the request names you as a person who is to use the data",
    Capacity.BOARD_MEMBER: "you sit on the board as member or alternate",
}
