"""One of the processes that train together: `torchrun … -m storywright.steps.launching.worker ORDER`."""

import contextlib
import json
import logging
import sys
from pathlib import Path

from storywright import files
from storywright.errors import BadInput
from storywright.steps import contract
from storywright.steps.launching import Work, processes, relaying
from storywright.training import loop, watching


def main(order: Path) -> None:
    """Do this process's part of the order."""
    asked = json.loads(order.read_text(encoding="utf-8"))
    step = asked["step"]
    work = Work(
        step=step,
        module=contract.load(step),
        config=contract.config_of(step, asked["values"]),
        inputs={name: Path(path) for name, path in asked["inputs"].items()},
        outputs={name: Path(path) for name, path in asked["outputs"].items()},
        key="",
    )
    try:
        with contextlib.ExitStack() as watched:
            if loop.leads():
                watched.enter_context(watching.watched_by(relaying.Told(order.parent)))
            work.do()
    except BadInput as error:
        files.write_json(order.with_name(processes.REFUSED), {"said": str(error)})
        raise


if __name__ == "__main__":
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    try:
        main(Path(sys.argv[1]))
    except BadInput:
        raise SystemExit(2) from None
