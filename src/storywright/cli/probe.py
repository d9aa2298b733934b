"""`storywright probe`: a small board every few minutes, as a user would order it."""

import os
import signal
import sys
import threading
from typing import TYPE_CHECKING

import click

from storywright.errors import BadInput, needs_extra

if TYPE_CHECKING:
    from storywright.watch.probe import Probe, Try


@click.command()
@click.option("--url", default="http://127.0.0.1:8000", show_default=True, help="The studio's address.")
@click.option("--once", is_flag=True, help="Try once, say how it went, and end; with 2 when no board came whole.")
@click.option("--every", default=10.0, show_default=True, help="Minutes from one try to the next, at least one.")
@click.option("--patience", default=240.0, show_default=True, help="Seconds after which a board has failed.")
@click.option("--host", default="127.0.0.1", show_default=True, help="Address at which Prometheus finds its metrics.")
@click.option("--port", type=click.IntRange(0, 65535), default=8200, show_default=True, help="0: any that is free.")
def probe(url: str, once: bool, every: float, patience: float, host: str, port: int) -> None:
    """Order a board of two panels every few minutes, and tell Prometheus whether it came whole.

    With keys, set STORYWRIGHT_PROBE_KEY, here and for the server, to a secret such as `openssl rand -hex 24` writes: it
    opens the workspace `probe` and nothing else. Or give one of an editor that `storywright keys make` made.
    """
    with needs_extra("serve", "The probe"):
        from storywright.watch.probe import Config, Probe

    key = os.environ.get("STORYWRIGHT_PROBE_KEY", "")
    probing = Probe(Config(url=url, key=key, every_seconds=every * 60, patience_seconds=patience))
    if once:
        found = probing.once()
        if found.problem:
            raise BadInput(f"No board came whole: {found.problem}.")
        print(_told(found))
        return
    _go_on(probing, host, port)


def _go_on(probing: "Probe", host: str, port: int) -> None:
    from prometheus_client import start_http_server

    try:
        server, _ = start_http_server(port, host, probing.registry)
    except OSError as error:
        raise BadInput(
            f"The probe cannot listen at {host}:{port} ({error.strerror}): choose another --port."
        ) from error
    stopped = threading.Event()
    for one in (signal.SIGTERM, signal.SIGINT):
        signal.signal(one, lambda *_: stopped.set())
    print(f"{probing.config.url} is tried; metrics are at http://{host}:{server.server_port} (stop it with Ctrl+C)")
    sys.stdout.flush()
    probing.go_on(stopped, lambda found: print(_told(found), flush=True))
    server.shutdown()


def _told(found: "Try") -> str:
    if found.problem:
        return f"No board came whole: {found.problem}."
    stages = ", ".join(f"{name} {seconds:.1f} s" for name, seconds in found.seconds.items())
    return f"A whole board in {found.total_seconds:.1f} s ({stages})."
