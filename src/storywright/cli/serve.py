"""`storywright serve`: the page and the API."""

import errno
import os
import socket

import click

from storywright.errors import BadInput, needs_extra

_FINISH_SECONDS = 30


@click.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to bind to; others need a key.")
@click.option("--port", type=click.IntRange(0, 65535), default=8000, show_default=True, help="0: any that is free.")
def serve(host: str, port: int) -> None:
    """Serve the page and the API with the champion's models, or the embedded ones before the first promotion.

    Bound to another address than loopback it needs a key of 16 characters or more in STORYWRIGHT_API_KEY.
    """
    bound = _bind(host, port)
    with needs_extra("serve", "The server"):
        import uvicorn

        from storywright.server.access import Access

        access = Access(host=host, key=os.environ.get("STORYWRIGHT_API_KEY", ""))  # refused before anything slow

        from storywright.server.app import make_app
        from storywright.settings import Settings

        app = make_app(Settings.from_environment(), access=access)
    shown = f"[{host}]" if ":" in host else host
    print(f"The studio is at http://{shown}:{bound.getsockname()[1]} (stop it with Ctrl+C)", flush=True)
    config = uvicorn.Config(app, log_level="warning", timeout_graceful_shutdown=_FINISH_SECONDS, server_header=False)
    uvicorn.Server(config).run(sockets=[bound])


def _bind(host: str, port: int) -> socket.socket:
    """The port, taken before anything slow happens."""
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        bound = socket.socket(family, kind, protocol)
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        bound.bind(address)
        bound.listen(128)
    except OSError as error:
        raise BadInput(f"The studio cannot be served at {host}:{port}: {_reason(error, port)}.") from error
    return bound


def _reason(error: OSError, port: int) -> str:
    if error.errno == errno.EADDRINUSE:
        return f"another program uses the port; choose one with `--port {port + 1}`, or end that program"
    if error.errno == errno.EACCES:
        return "ports below 1024 are for the system; choose one with `--port 8000`"
    return f"{error.strerror}; choose an address of this machine with `--host`"
