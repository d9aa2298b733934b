"""`storywright receive`: alerts come in, and a retraining is started."""

import logging
import os
import shlex
import signal
import sys
import threading
from pathlib import Path
from typing import TYPE_CHECKING

import click

from storywright.errors import BadInput

if TYPE_CHECKING:
    from http.server import ThreadingHTTPServer


@click.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to bind to; others need a token.")
@click.option("--port", type=click.IntRange(0, 65535), default=8100, show_default=True, help="0: any that is free.")
@click.option("--cool-down", default=24.0, show_default=True, help="Hours after a retraining in which none is started.")
@click.option("--kfp-host", default="", metavar="URL", help="Start it on the Kubeflow Pipelines at this address.")
@click.option("--pipeline", default="retraining-full", show_default=True, help="The pipeline's name there.")
@click.option("--experiment", default="storywright", show_default=True, help="The experiment of its runs there.")
@click.option("--namespace", default="", help="The namespace there, where a cluster has many users.")
@click.option("--command", default="", help="Start this here instead of `python -m pipelines run retraining`.")
def receive(
    host: str,
    port: int,
    cool_down: float,
    kfp_host: str,
    pipeline: str,
    experiment: str,
    namespace: str,
    command: str,
) -> None:
    """Take Alertmanager's webhook at /alerts and start the pipeline `retraining`, once for each alert that asks for it.

    Only alerts that fire with the label retrain="yes" count; none starts a second retraining, nor one within the
    cool-down or beside another. With STORYWRIGHT_ALERTS_TOKEN a sender has to give the token, or sign with it. /notices
    writes down what is meant for people.
    """
    from storywright.settings import Settings
    from storywright.watch import receiver, starting

    kept = Settings.from_environment().home / "watch" / "retraining"
    token = os.environ.get("STORYWRIGHT_ALERTS_TOKEN", "")
    config = receiver.Config(memory=kept / "alerts.json", token=token, cool_down_seconds=cool_down * 3600)
    starter: receiver.Starter
    if kfp_host:
        starter = starting.Kubeflow(host=kfp_host, pipeline=pipeline, experiment=experiment, namespace=namespace)
    else:
        words = shlex.split(command) or [sys.executable, "-m", "pipelines", "run", "retraining"]
        starter = starting.Program(words, kept)
        _refuse_elsewhere(words)
    _listen(receiver.serve(receiver.Receiver(config, starter), host, port, token=token), host)


def _refuse_elsewhere(words: list[str]) -> None:
    if words[1:3] == ["-m", "pipelines"] and not Path("pipelines/__main__.py").exists():
        raise BadInput(
            "The pipelines are not in this folder: run this in the project's folder, or say with --command what "
            "retrains, or with --kfp-host where."
        )


def _listen(server: "ThreadingHTTPServer", host: str) -> None:
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s", stream=sys.stderr)
    signal.signal(signal.SIGTERM, lambda *_: threading.Thread(target=server.shutdown).start())
    shown = f"[{host}]" if ":" in host else host
    print(f"Alerts are taken at http://{shown}:{server.server_address[1]}/alerts (stop it with Ctrl+C)", flush=True)
    try:
        server.serve_forever()
    except KeyboardInterrupt:
        print("Stopped.", file=sys.stderr)
    finally:
        server.server_close()
