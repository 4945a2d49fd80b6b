"""`governance serve`: the portal on an address, by default on this machine only."""

import gc
from typing import Annotated, Any

import typer

from governance.cli_session import AsJson, Home, reported, say
from governance.errors import ConfigurationError
from governance.settings import LOOPBACK, GovernanceSettings, load_settings

_TRUSTED_HELP = "Address of the proxy whose forwarded client addresses are believed; repeatable."


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("serve")(serve)


def serve(
    home: Home = None,
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="Port to listen on.", min=1, max=65535)] = 8080,
    dev_sign_in: Annotated[
        bool,
        typer.Option("--dev-sign-in", help="Choose who to be from a list; on this machine only."),
    ] = False,
    trusted_proxy: Annotated[list[str] | None, typer.Option(help=_TRUSTED_HELP)] = None,
    as_json: AsJson = False,
) -> None:
    """Serve the portal until it is stopped.

    The first line says its address; `GET /health` there answers once it listens. Mail, webhooks and
    the data plane's feed are worked off beside it. Safe to be killed at any time.
    """
    with reported(as_json=as_json):
        server, address = make_server(
            load_settings(home),
            host=host,
            port=port,
            development=dev_sign_in,
            trusted_proxies=tuple(trusted_proxy or ()),
        )
    said = f"The portal answers at {address} (Ctrl+C stops it)."
    say({"address": address}, [said], as_json=as_json)
    from governance.clocks import remind_lately
    from governance.services.background import in_background

    with in_background(server.config.app.portal.programme, first=remind_lately):
        server.run()


def make_server(
    settings: GovernanceSettings,
    *,
    host: str,
    port: int,
    development: bool = False,
    trusted_proxies: tuple[str, ...] = (),
) -> tuple[Any, str]:
    """The server, ready to run, and the address people use.

    A new embedded database is laid out; one of another layout is refused.

    Raises:
        ConfigurationError: What is configured would not be safe, or is not complete.
        StoreOutdatedError: The database has another layout; says what to do.
    """
    import uvicorn

    from governance.portal import create_app
    from governance.portal.sign_in.ways import UnsafeDevelopmentSignIn
    from governance.services import open_programme

    settings = _with_address(settings, host, port)
    sign_in = UnsafeDevelopmentSignIn(host) if development else None
    if development and settings.oidc_issuer is not None:
        raise ConfigurationError(
            "Development sign-in and an OpenID Connect issuer at once: choose one of them."
        )
    programme = open_programme(settings)
    if settings.database_url is None and not (settings.home / "governance.db").exists():
        programme.store.migrate()
    programme.store.check_layout()
    app = create_app(programme, sign_in=sign_in)
    if app.portal.sign_in is not None:
        app.portal.sign_in.prepare()
    # What was loaded stays for good: the collector need not walk it again at every few requests.
    gc.collect()
    gc.freeze()
    config = uvicorn.Config(
        app,
        host=host,
        port=port,
        access_log=False,  # uvicorn's own line has the query string; the portal's has not
        log_config=_LOGGING,
        server_header=False,
        proxy_headers=bool(trusted_proxies),
        forwarded_allow_ips=list(trusted_proxies),
        timeout_keep_alive=15,
        limit_concurrency=1_000,
        h11_max_incomplete_event_size=65_536,
        lifespan="off",
    )
    return uvicorn.Server(config), settings.base_url


def _with_address(settings: GovernanceSettings, host: str, port: int) -> GovernanceSettings:
    """On this machine people use the address listened on; elsewhere the one configured."""
    if not settings.loopback:
        return settings
    if host not in LOOPBACK:
        raise ConfigurationError(
            "Listening beyond this machine needs GOVERNANCE_BASE_URL, the https address under "
            "which people reach the portal through its proxy."
        )
    if "base_url" in settings.model_fields_set:
        return settings
    name = f"[{host}]" if ":" in host else host
    return settings.model_copy(update={"base_url": f"http://{name}:{port}"})


_LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"plain": {"format": "%(asctime)s %(levelname)s %(name)s %(message)s"}},
    "handlers": {
        "out": {
            "class": "logging.StreamHandler",
            "formatter": "plain",
            "stream": "ext://sys.stderr",
        }
    },
    "loggers": {
        "uvicorn": {"handlers": ["out"], "level": "WARNING", "propagate": False},
        "governance": {"handlers": ["out"], "level": "INFO", "propagate": False},
    },
}
