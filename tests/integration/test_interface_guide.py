"""The commands of the interface's guide, run as they stand."""

import os
import re
import shutil
import subprocess
from pathlib import Path

from tests.integration.test_portal_bearer import AUDIENCE, serve_pair
from tests.lib.services import missing

GUIDE = Path(__file__).resolve().parents[2] / "docs" / "guides" / "interface.md"


def test_every_command_of_the_guide_runs(tmp_path: Path) -> None:
    if shutil.which("curl") is None:
        missing("curl", "install it")
    blocks = re.findall(r"^```sh\n(.*?)^```$", GUIDE.read_text("utf-8"), re.DOTALL | re.MULTILINE)
    assert len(blocks) == 3
    here = tmp_path / "here"
    here.mkdir()
    for pair in serve_pair(tmp_path, oidc_api_audience=AUDIENCE):
        told = {
            "PATH": os.environ["PATH"],
            "PORTAL": pair.portal.url,
            "TOKEN": pair.tokens("kim")["access_token"],
        }
        said = [
            subprocess.run(
                ["bash", "-euo", "pipefail", "-c", block], cwd=here, env=told, text=True,
                capture_output=True, timeout=60, check=True,
            ).stdout
            for block in blocks
        ]  # fmt: skip
        assert '"person":"kim"' in said[1]
        assert '"number":"Q0001"' in said[2]
        assert "Somebody was faster" in said[2]
        assert (here / "report.pdf").read_bytes().startswith(b"%PDF-")
        assert (here / "meetings.ics").read_text().startswith("BEGIN:VCALENDAR")
