"""A certified OpenID Connect provider on loopback: the package `oidc-provider`, as it comes.

Nobody here wrote it, so the sign-in is tried against somebody else's reading of the standard: it
puts name and address into the UserInfo answer only, and asks on pages of its own.
"""

import json
import os
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from tests.lib.portal import free_port
from tests.lib.services import die_with_parent, missing

ROOT = Path(__file__).resolve().parents[2]
SCRIPT = Path(__file__).with_name("certified_provider.mjs")
PACKAGE = ROOT / "node_modules" / "oidc-provider"
SECRET: Final = "s3cret/with:odd+signs-of-some-length"


@dataclass(frozen=True)
class CertifiedProvider:
    """It runs.

    Attributes:
        settings: What the portal is told of it.
        audience: Of which it makes access tokens.
    """

    url: str
    settings: Mapping[str, Any]
    audience: str


@contextmanager
def run_certified_provider(
    portal: str, users: Mapping[str, Mapping[str, Any]]
) -> Iterator[CertifiedProvider]:
    """Start one that knows the portal at that address, and those claims by subject."""
    node = shutil.which("node")
    if node is None or not PACKAGE.is_dir():
        missing("The OpenID Connect provider", "install Node 20 or later and run `make setup`")
    port, audience = free_port(), f"{portal}/api"
    client = {
        "client_id": "portal",
        "client_secret": SECRET,
        "redirect_uris": [f"{portal}/sign-in/callback"],
        "post_logout_redirect_uris": [f"{portal}/signed-out"],
        "backchannel_logout_uri": f"{portal}/back-channel-logout",
        "backchannel_logout_session_required": True,
    }
    told = {"port": port, "client": client, "users": users, "resource": audience}
    process = subprocess.Popen(
        [node, str(SCRIPT), json.dumps(told)],
        env={"PATH": os.environ["PATH"]},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        preexec_fn=die_with_parent,  # noqa: PLW1509  no threads of ours hold locks here
    )
    url = f"http://127.0.0.1:{port}"
    settings = {
        "oidc_issuer": url, "oidc_client_id": "portal", "oidc_client_secret": SECRET,
        "oidc_api_audience": audience, "oidc_role_map": {"grp-audit": "auditor"},
    }  # fmt: skip
    try:
        assert process.stdout is not None
        assert process.stdout.readline().strip() == "listening"
        yield CertifiedProvider(url, settings, audience)
    finally:
        process.kill()
        process.wait()
        if process.stdout is not None:
            process.stdout.close()
