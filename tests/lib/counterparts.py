"""Which operation of the programming interface does what each page of the portal does.

A form's page is told by the operation that takes what the form asks for.
"""

from typing import Final

FORMS_OF_A_BODY: Final = "POST /api/v1/bodies/{body}"
REQUEST: Final = "/api/v1/requests/{number}"

COUNTERPARTS: Final[dict[str, str]] = {
    "GET /account": "GET /api/session",
    "POST /account/sign-out-everywhere": "DELETE /api/v1/own/sessions",
    # agencies
    "GET /agency": "GET /api/v1/agencies/{agency}",
    "GET /agency/uses": "GET /api/v1/agencies/{agency}/uses",
    "GET /agency/matches": "GET /api/v1/agencies/{agency}/matches",
    "POST /agency/links": "POST /api/v1/agencies/{agency}/links",
    "GET /agency/work": "GET /api/v1/agencies/{agency}/work",
    "GET /agency/submissions": "GET /api/v1/agencies/{agency}/submissions",
    "GET /agency/destructions": "GET /api/v1/agencies/{agency}/destructions",
    # boards
    "GET /meetings": "GET /api/v1/meetings",
    "GET /motions": "GET /api/v1/motions",
    "GET /boards/{body}/proxies": "GET /api/v1/bodies/{body}/proxies",
    "GET /boards/{body}": "GET /api/v1/bodies/{body}",
    "GET /boards/{body}/meetings/{meeting}": "GET /api/v1/bodies/{body}/meetings/{meeting}",
    "GET /boards/{body}/motions/{motion}": "GET /api/v1/bodies/{body}/motions/{motion}",
    "GET /boards/{body}/notice": f"{FORMS_OF_A_BODY}/notice-meeting",
    "POST /boards/{body}/notice": f"{FORMS_OF_A_BODY}/notice-meeting",
    "GET /boards/{body}/meetings/{meeting}/move": f"{FORMS_OF_A_BODY}/move-motion",
    "POST /boards/{body}/meetings/{meeting}/move": f"{FORMS_OF_A_BODY}/move-motion",
    "GET /boards/{body}/meetings/{meeting}/end": f"{FORMS_OF_A_BODY}/end-meeting",
    "POST /boards/{body}/meetings/{meeting}/end": f"{FORMS_OF_A_BODY}/end-meeting",
    "GET /boards/{body}/motions/{motion}/interest": f"{FORMS_OF_A_BODY}/declare-interest",
    "POST /boards/{body}/motions/{motion}/interest": f"{FORMS_OF_A_BODY}/declare-interest",
    "GET /boards/{body}/proxy": f"{FORMS_OF_A_BODY}/file-proxy",
    "POST /boards/{body}/proxy": f"{FORMS_OF_A_BODY}/file-proxy",
    "POST /boards/{body}/proxy/withdraw": f"{FORMS_OF_A_BODY}/withdraw-proxy",
    "GET /boards/{body}/seat": f"{FORMS_OF_A_BODY}/fill-seat",
    "POST /boards/{body}/seat": f"{FORMS_OF_A_BODY}/fill-seat",
    "GET /boards/{body}/alternate": f"{FORMS_OF_A_BODY}/name-alternate",
    "POST /boards/{body}/alternate": f"{FORMS_OF_A_BODY}/name-alternate",
    "POST /boards/{body}/meetings/{meeting}/open": f"{FORMS_OF_A_BODY}/open-meeting",
    "POST /boards/{body}/meetings/{meeting}/arrive": f"{FORMS_OF_A_BODY}/arrive",
    "POST /boards/{body}/meetings/{meeting}/depart": f"{FORMS_OF_A_BODY}/depart",
    "POST /boards/{body}/motions/{motion}/put": f"{FORMS_OF_A_BODY}/put-motion",
    "POST /boards/{body}/motions/{motion}/close": f"{FORMS_OF_A_BODY}/close-vote",
    "POST /boards/{body}/motions/{motion}/vote": f"{FORMS_OF_A_BODY}/cast-vote",
    **{
        f"GET /boards/{{body}}/meetings/{{meeting}}/papers/{kind}": (
            f"GET /api/v1/bodies/{{body}}/meetings/{{meeting}}/papers/{kind}"
        )
        for kind in ("notice", "agenda", "minutes", "packet")
    },
    # catalogue
    "GET /catalogue": "GET /api/v1/datasets",
    "GET /catalog": "GET /api/v1/datasets",
    "GET /catalogue/{agency}/{dataset}": "GET /api/v1/datasets/{agency}/{dataset}",
    "GET /catalog/{agency}/{dataset}": "GET /api/v1/datasets/{agency}/{dataset}",
    "GET /catalogue/{agency}/{dataset}/request": (
        "POST /api/v1/datasets/{agency}/{dataset}/request"
    ),
    "POST /catalogue/{agency}/{dataset}/request": (
        "POST /api/v1/datasets/{agency}/{dataset}/request"
    ),
    # requests
    "GET /requests": "GET /api/v1/requests",
    "GET /requests/new": "POST /api/v1/requests",
    "POST /requests/new": "POST /api/v1/requests",
    "GET /requests/{number}": f"GET {REQUEST}",
    "GET /requests/{number}/changes": f"GET {REQUEST}/changes",
    "GET /requests/{number}/edit": f"POST {REQUEST}/save-draft",
    "POST /requests/{number}/edit": f"POST {REQUEST}/save-draft",
    "POST /requests/{number}/draft": f"PUT {REQUEST}/draft",
    **{
        f"{method} /requests/{{number}}/{page}": f"POST {REQUEST}/{operation}"
        for method in ("GET", "POST")
        for page, operation in (
            ("submit", "submit"),
            ("amend", "amend"),
            ("complete", "accept-complete"),
            ("return", "return"),
            ("review", "review-part"),
            ("interest", "declare-interest"),
            ("record-vote", "record-vote"),
            ("training", "record-training"),
            ("condition", "meet-condition"),
            ("leaver", "record-leaver"),
            ("revoke", "revoke"),
            ("withdraw", "withdraw"),
            ("close", "close"),
            ("nda", "sign-nda"),
        )
    },
    "GET /requests/{number}/send": f"POST {REQUEST}/draft-agreement",
    "POST /requests/{number}/send": f"POST {REQUEST}/send-agreement",
    "GET /requests/{number}/agreement": f"GET {REQUEST}/agreement",
    "POST /requests/{number}/agreement": f"POST {REQUEST}/sign-agreement",
    "GET /requests/{number}/destruction": f"POST {REQUEST}/draft-certificate",
    "POST /requests/{number}/destruction": f"POST {REQUEST}/certify-destruction",
    "GET /requests/{number}/certificate": f"GET {REQUEST}/certificate",
    "GET /requests/{number}/documents": f"GET {REQUEST}/documents",
    "POST /requests/{number}/documents": f"POST {REQUEST}/documents",
    "GET /requests/{number}/documents/{document}": f"GET {REQUEST}/documents/{{document}}",
    "GET /requests/{number}/work": f"GET {REQUEST}/work",
    "GET /requests/{number}/publications": f"GET {REQUEST}/publications",
    "POST /requests/{number}/publications": f"POST {REQUEST}/publications",
    **{
        f"{method} /requests/{{number}}/publications/{{publication}}{page}": (
            f"{method} {REQUEST}/publications/{{publication}}{page}"
        )
        for method, page in (
            ("GET", ""),
            ("POST", "/seen"),
            ("POST", "/withdraw"),
            ("POST", "/published"),
        )
    },
    # people
    "GET /people": "GET /api/v1/people",
    "GET /people/mine": "GET /api/v1/own/people",
    "GET /people/new": "POST /api/v1/people",
    "POST /people/new": "POST /api/v1/people",
    "GET /people/{person}": "GET /api/v1/people/{person}",
    "GET /people/{person}/change": "PUT /api/v1/people/{person}",
    "POST /people/{person}/change": "PUT /api/v1/people/{person}",
    "GET /people/{person}/end": "POST /api/v1/people/{person}/end",
    "POST /people/{person}/end": "POST /api/v1/people/{person}/end",
    # the operating office
    "GET /office": "GET /api/v1/office/queue",
    "GET /office/waiting": "GET /api/v1/office/queue",
    "GET /office/requests": "GET /api/v1/requests",
    "GET /office/configuration": "GET /api/v1/office/configuration",
    "GET /office/costs": "GET /api/v1/costs",
    "POST /office/costs": "POST /api/v1/costs",
    "GET /office/matches": "GET /api/v1/matches",
    "POST /office/matches": "POST /api/v1/matches",
    "POST /office/matches/confirmed": "POST /api/v1/matches",
    "POST /office/matches/destroyed": "POST /api/v1/matches",
    "GET /office/records": "GET /api/v1/records-requests",
    "POST /office/records": "POST /api/v1/records-requests",
    "GET /office/webhooks": "GET /api/v1/webhooks",
    "POST /office/webhooks": "POST /api/v1/webhooks",
    "GET /office/webhooks/{hook}": "GET /api/v1/webhooks/{hook}/deliveries",
    "POST /office/webhooks/{hook}/remove": "DELETE /api/v1/webhooks/{hook}",
    "GET /office/logs": "GET /api/v1/office/logs/{table}",
    **{
        f"GET /office/logs/{name}.{kind}": "GET /api/v1/office/logs/{table}"
        for name in ("request-log", "match-log")
        for kind in ("csv", "json")
    },
    # the register and what is open
    "GET /register": "GET /api/v1/register",
    "GET /register/{number}": "GET /api/v1/register/{number}",
    "GET /register/open-data": "GET /api/v1/open-data",
    **{
        f"GET /register/open-data/{name}.{kind}": "GET /api/v1/open-data/{table}"
        for name in ("register", "request-log", "match-log")
        for kind in ("csv", "json")
    },
    "GET /register.atom": "GET /api/v1/changes",
    "GET /data.json": "GET /api/v1/catalog",
    "GET /meetings.ics": "GET /api/v1/calendar",
    "GET /report": "GET /api/v1/reports",
    "GET /report/{year}": "GET /api/v1/reports/{year}",
    # the ledger
    "GET /ledger": "GET /api/v1/ledger/entries",
    "GET /ledger/{seq}": "GET /api/v1/ledger/entries/{seq}",
    "GET /ledger/{seq}/proof.json": "GET /api/v1/ledger/entries/{seq}/proof",
    "GET /ledger/verification": "GET /api/v1/ledger/verification",
    "POST /ledger/verification": "POST /api/v1/ledger/verification",
    "GET /ledger/checkpoints": "GET /api/v1/ledger/checkpoints",
    "GET /ledger/checkpoints/{size}.json": "GET /api/v1/ledger/checkpoints/{size}",
    "GET /ledger/key.json": "GET /api/v1/ledger/key",
    "GET /ledger/consistency": "GET /api/v1/ledger/continues",
    "GET /ledger/consistency/{size}.json": "GET /api/v1/ledger/consistency",
    "GET /ledger/erasures": "GET /api/v1/ledger/erasures",
    "POST /ledger/erasures": "POST /api/v1/ledger/erasures",
    "POST /ledger/erasures/{seq}/confirm": "POST /api/v1/ledger/erasures/{seq}/confirm",
    "POST /ledger/erasures/{seq}/drop": "POST /api/v1/ledger/erasures/{seq}/drop",
}
"""Method and path of a page to those of its operation."""

FOR_PEOPLE_ALONE: Final[dict[str, str]] = {
    "GET /": "Leads to the other pages; it has nothing of its own.",
    "GET /accessibility": "A statement for people.",
    "GET /health": "Is for monitors already; it says `ok`.",
    "GET /api/openapi.json": "Describes the interface itself.",
    "GET /sign-in": "A program shows an access token.",
    "POST /sign-in/development": "A program shows an access token.",
    "POST /sign-in/start": "A program shows an access token.",
    "GET /sign-in/callback": "A program shows an access token.",
    "POST /sign-out": "A token has no session to end.",
    "POST /back-channel-logout": "The sign-in provider sends it.",
    "GET /signed-out": "A token has no session to end.",
}
"""Pages without an operation, and why."""
