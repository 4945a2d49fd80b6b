"""Makes the pictures of the documents: `python -m tests.functional.screenshots HOME`.

HOME is a demonstration's home. The receipt shown is that of a submission that landed with rows set
aside.
"""

import sys
from pathlib import Path

from enclave.deployment import open_deployment
from enclave.steps.report import receipt_key
from enclave.zones import Zone
from tests.lib.browser import run_browser

IMAGES = Path(__file__).resolve().parents[2] / "docs" / "images"


def main(home: Path) -> None:
    """Write docs/images/receipt.png."""
    deployment = open_deployment(home)
    submission = next(
        s
        for s in deployment.store.list(agency="sde")
        if s.rows_quarantined and s.rows_landed and s.revision == 1
    )
    page_bytes = deployment.zones.store(Zone.EGRESS).read(receipt_key(submission, "html"))
    IMAGES.mkdir(exist_ok=True)
    with run_browser() as browser:
        page = browser.new_page(viewport={"width": 1000, "height": 1250})
        page.set_content(page_bytes.decode())
        page.screenshot(path=str(IMAGES / "receipt.png"))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
