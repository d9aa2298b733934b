"""`storywright serve`: the page and the API."""

import errno
import os
import socket
from pathlib import Path

import click

from storywright.errors import BadInput, needs_extra

_FINISH_SECONDS = 30
_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)


@click.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to bind to; others need keys.")
@click.option("--port", type=click.IntRange(0, 65535), default=8000, show_default=True, help="0: any that is free.")
@click.option("--name", "names", multiple=True, help="A host name that the studio answers to; may be given again.")
@click.option("--tls-certificate", type=_FILE, help="Certificate chain, PEM; with --tls-key it is served over HTTPS.")
@click.option("--tls-key", type=_FILE, help="The certificate's key, PEM.")
@click.option("--trust-proxy", "proxies", multiple=True, help="Address of a proxy whose X-Forwarded headers hold.")
def serve(
    host: str,
    port: int,
    names: tuple[str, ...],
    tls_certificate: Path | None,
    tls_key: Path | None,
    proxies: tuple[str, ...],
) -> None:
    """Serve the page and the API with the champion's models, or the embedded ones before the first promotion.

    Bound to another address than loopback it needs a key (`storywright keys make`, or one of 16 characters or more in
    STORYWRIGHT_API_KEY) or an identity provider (STORYWRIGHT_OIDC_DISCOVERY); docs/server.md has more.
    """
    if bool(tls_certificate) != bool(tls_key):
        raise BadInput("HTTPS needs both --tls-certificate and --tls-key.")
    bound = _bind(host, port)
    with needs_extra("serve", "The server"):
        import uvicorn

        from storywright.registry import hooks
        from storywright.server.access import Access
        from storywright.server.identity import Config
        from storywright.server.keys import Keys
        from storywright.settings import Settings
        from storywright.watch import database

        settings = Settings.from_environment()
        provider = Config.from_environment(os.environ)
        access = Access(  # refused before anything slow
            host=host,
            key=os.environ.get("STORYWRIGHT_API_KEY", ""),
            probe_key=os.environ.get("STORYWRIGHT_PROBE_KEY", ""),
            provider=provider is not None,
            keys_made=Keys(database.engine(settings.database_url)).any_usable(),
            host_names=tuple(name.lower() for name in names),
            limits=os.environ.get("STORYWRIGHT_RATE_LIMITS", ""),
        )
        hooks.check_secret(os.environ.get(hooks.SECRET, ""))

        from storywright.server.app import make_app

        app = make_app(settings, access=access, provider=provider)
    shown = f"[{host}]" if ":" in host else host
    scheme = "https" if tls_certificate else "http"
    print(f"The studio is at {scheme}://{shown}:{bound.getsockname()[1]} (stop it with Ctrl+C)", flush=True)
    config = uvicorn.Config(
        app,
        log_level="warning",
        timeout_graceful_shutdown=_FINISH_SECONDS,
        server_header=False,
        ssl_certfile=tls_certificate,
        ssl_keyfile=tls_key,
        proxy_headers=bool(proxies),
        forwarded_allow_ips=list(proxies),
    )
    uvicorn.Server(config).run(sockets=[bound])


def _bind(host: str, port: int) -> socket.socket:
    """The port, taken before anything slow happens."""
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        bound = socket.socket(family, kind, protocol)
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        bound.bind(address)
        bound.listen(1_024)
    except OSError as error:
        raise BadInput(f"The studio cannot be served at {host}:{port}: {_reason(error, port)}.") from error
    return bound


def _reason(error: OSError, port: int) -> str:
    if error.errno == errno.EADDRINUSE:
        return f"another program uses the port; choose one with `--port {port + 1}`, or end that program"
    if error.errno == errno.EACCES:
        return "ports below 1024 are for the system; choose one with `--port 8000`"
    return f"{error.strerror}; choose an address of this machine with `--host`"
