"""Whatever a requestor types and however things are named, the papers can be made."""

import io
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pypdf import PdfReader

from governance.papers import draft_packet, draft_sharing_agreement, render_html, render_pdf
from governance.requests.model import RequestedDataset
from tests.lib.papers import (
    build_meeting_source,
    build_packet_source,
    with_content,
)
from tests.lib.requests import build_content, build_request_person

WORDS = st.text(max_size=400)
NAMES = st.text(min_size=1, max_size=80).filter(lambda name: bool(name.strip()))
IDS = st.from_regex(r"[a-z0-9][a-z0-9._-]{0,62}", fullmatch=True)
PARTS = st.from_regex(r"[a-z][a-z0-9_]{0,20}", fullmatch=True)


@st.composite
def contents(draw: st.DrawFn) -> Any:
    people = tuple(
        build_request_person(id=person, name=draw(NAMES), employer=draw(NAMES))
        for person in draw(st.lists(IDS, min_size=1, max_size=4, unique=True))
    )
    datasets = tuple(
        RequestedDataset(dataset=name, variables=("year",))
        for name in draw(
            st.lists(st.builds("{}/{}".format, PARTS, PARTS), min_size=1, max_size=3, unique=True)
        )
    )
    return build_content(
        title=draw(WORDS),
        purpose=draw(WORDS),
        organization=draw(WORDS),
        analysis_plan=draw(WORDS),
        people=people,
        datasets=datasets,
        purposes={},
    )


@settings(max_examples=20, suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(contents())
def test_an_agreement_and_a_packet_of_anything_can_be_made(content: Any) -> None:
    source = with_content(content)
    paper = draft_sharing_agreement(source)
    again = draft_sharing_agreement(with_content(content, earlier=paper))
    assert again.digest == paper.digest
    assert paper.digest in render_html(paper)
    assert len(PdfReader(io.BytesIO(render_pdf(paper))).pages) > 5
    requests = {source.request.number: source.request}
    packet = draft_packet(build_packet_source(meeting=build_meeting_source(requests=requests)))
    assert packet.digest in render_html(packet)
