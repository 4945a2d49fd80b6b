"""Our own words of the sharing agreement and its exhibits, each in one place.

They are an invented form on the programme's published rules and the statutes cited: before use, the
state's counsel settles the text, and changes it here in a commit of its own.
"""

AUTHORITY = (
    "The data is shared under the authority named here. Each contributing agency holds its data"
    " under its own statutes and has delivered it under the agreement of its feed, whose "
    "clauses in force are part of this agreement."
)
ONLY_PURPOSE = (
    "The recipient uses the data for the purpose stated here and for nothing else, and not to "
    "take action about any person, household, employer or school."
)
SCOPE = (
    "The data is what the approved request names: the datasets, variables, rows and years "
    "below, de-identified before anyone named here can read them. Whatever is not named is not "
    "shared."
)
PERSONS = (
    "Only the persons named here use the data, each after signing the confidentiality and non-"
    "disclosure statement (Exhibit C) and while their training is in date. Access is worked out"
    " anew at each query from these facts and ends by itself when one of them no longer holds."
)
LEAVERS = (
    "The recipient tells the operating office within {hours} hours when a named person leaves "
    "or no longer works on the project; that person's access ends at once. A new person is "
    "named by an amendment and signs before access."
)
SECURITY = (
    (
        "The data is read in the secure environment named here, through the person's own "
        "account. It is not copied out, other than outputs that were checked and released."
    ),
    (
        "Nobody tries to find out who a row is about, links the data to anything not named "
        "here, or uses a record to reach its person."
    ),
    (
        "Whoever learns of a loss, a disclosure or a way to identify persons tells the "
        "operating office at once, and no later than the clauses below allow; the office tells "
        "the agencies concerned."
    ),
)
PUBLICATION = (
    "Each contributing agency sees an output before it is published. Two output checkers "
    "release it; neither wrote it. A publication names the programme and says that its findings"
    " are the author's own."
)
DESTRUCTION = (
    "The recipient destroys everything it holds under this agreement by the day stated here, or"
    " at once when the agreement is revoked, and certifies it on the form of Exhibit E, which "
    "says what was destroyed and how, and what survives, where and until when."
)
MATCHING = (
    "Files used to match persons are destroyed within {clock} of the stewards' confirmation{why}. "
    "[{clause}]"
)
CHANGE = (
    "A change of purpose, data, persons or term is a new version of the request; only what "
    "changed is reviewed again, and this agreement goes on for the unchanged scope until the "
    "new version is signed. The operating office or a contributing agency may end access at "
    "once by revoking it with its reason."
)
RECORDS = (
    "A public-records request for the data goes to the agency it originated from. [{clause}] "
    "This agreement, the approved request and the votes on it are public, but for personal "
    "data."
)
SIGNING = (
    "Each party signs this text, which is identified by its digest. A typed signature is "
    "recorded with its time, the signer's sign-in and the digest; a signed document filed in "
    "its place is recorded with its own."
)
ACKNOWLEDGEMENT = (
    "I use the data only for the purpose and in the environment of this agreement.",
    "I use my own account, give nobody my sign-in, and leave no session open.",
    "I do not try to identify anyone, and report at once when I could.",
    "I do not link the data to anything else, and do not copy, photograph or write down records.",
    "I publish nothing from the data before it is checked and released.",
    "I finish the training when it is due; my access stops while it is not in date.",
    (
        "I know that queries are recorded, and that answers are held back or rounded by the "
        "disclosure rule of this agreement."
    ),
)
NDA = (
    (
        "I keep confidential what I learn of persons, households, employers and schools from "
        "the data, during the project and after it, whoever employs me."
    ),
    (
        "I use it only for the project named here and tell it to nobody who is not named in the"
        " agreement."
    ),
    (
        "I do not use it for my own or anyone's gain. [C.G.S. § 1-84(c), for officials and "
        "employees of the state]"
    ),
    "I tell the operating office at once of a loss, a disclosure or an attempt to obtain the data.",
    "When I leave the project I return or destroy what I hold, and these duties go on.",
    (
        "I know that breaking them ends my access and may be an offense under the laws named in"
        " the agreement."
    ),
)
IRB_NEEDED = (
    "Where the recipient's institution calls the project research with human subjects, the "
    "approval of its institutional review board, or its determination that none is needed, is "
    "filed here before access begins (45 CFR Part 46)."
)
CERTIFIES = (
    "I certify for the recipient that what is listed here was destroyed on the day and in the "
    "way stated, that it cannot be restored by the recipient, and that nothing else is held "
    "except what is listed as surviving."
)
