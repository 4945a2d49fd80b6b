"""The programme's papers: one document model, an HTML and a PDF edition, the same digest.

`draft_*` makes a `Paper` from replayed states; `render_html`, `render_page` and `render_pdf` make
its editions. Nothing here stores, sends or signs.
"""

from governance.papers.confidentiality import NdaSource, draft_nda
from governance.papers.destruction import (
    Destroyed,
    DestructionSource,
    Survivor,
    draft_destruction_certificate,
    survives_words,
)
from governance.papers.differences import what_is_new, what_is_new_in_terms
from governance.papers.html import paper_stylesheet, render_html, render_page
from governance.papers.meetings import MeetingSource, draft_agenda, draft_minutes, draft_notice
from governance.papers.model import GivenSignature, Paper, parse_paper
from governance.papers.packet import PacketSource, draft_packet, foresee_recusals
from governance.papers.pdf import pdf_digest, render_pdf
from governance.papers.records import RecordsRequest, RoutedRequest, route_records_request
from governance.papers.request_changes import change_blocks, change_rows
from governance.papers.sharing import SharingSource, draft_sharing_agreement, sharing_parties
from governance.papers.terms import binding_terms

__all__ = [
    "Destroyed",
    "DestructionSource",
    "GivenSignature",
    "MeetingSource",
    "NdaSource",
    "PacketSource",
    "Paper",
    "RecordsRequest",
    "RoutedRequest",
    "SharingSource",
    "Survivor",
    "binding_terms",
    "change_blocks",
    "change_rows",
    "draft_agenda",
    "draft_destruction_certificate",
    "draft_minutes",
    "draft_nda",
    "draft_notice",
    "draft_packet",
    "draft_sharing_agreement",
    "foresee_recusals",
    "paper_stylesheet",
    "parse_paper",
    "pdf_digest",
    "render_html",
    "render_page",
    "render_pdf",
    "route_records_request",
    "sharing_parties",
    "survives_words",
    "what_is_new",
    "what_is_new_in_terms",
]
