"""Manuscripts in service: taken in with their declaration of rights, and adapted as a job.

A manuscript is kept by its content. Whatever is wrong with it is said when it is sent, not when it is drawn.
"""

import hashlib
import re
import shutil
from dataclasses import asdict
from pathlib import Path, PurePosixPath
from typing import Any

from PIL import Image

from storywright import board, files
from storywright.server.drawing.work import Asker
from storywright.server.jobs import Watch, Work
from storywright.server.ledger import Job
from storywright.server.recorded import Steps, png, recorded
from storywright.server.service import Service
from storywright.sources.manuscripts import Rights, read
from storywright.studio import workspaces
from storywright.studio.adaptation import Adapter, Config, Made
from storywright.studio.adaptation.adapter import COVERAGE_MD
from storywright.studio.workspaces import HOME

_SUFFIXES = (".txt", ".epub", ".xhtml", ".html", ".htm", ".fountain", ".fdx", ".md")


def order(
    service: Service,
    name: str,
    content: bytes,
    rights: Rights,
    config: Config,
    *,
    user: str = "",
    key: str = "",
    workspace: str = HOME,
) -> Job:
    """A job that makes boards of a manuscript; `name` says by its ending how it is read."""
    file = f"{hashlib.sha256(content).hexdigest()}/{_named(name)}"
    path = files.inside(_folder(service), file)
    if not path.is_file():
        files.write_bytes(path, content)
    manuscript = read(path)
    Adapter(manuscript, rights, path.parent, config)  # refuses what cannot be adapted
    asked = {
        "file": file, "title": manuscript.title, "rights": rights.model_dump(mode="json"), "config": asdict(config)
    }  # fmt: skip
    return service.jobs.take("adapt", asked, user=user, key=key, workspace=workspace)


def work(studio: Service) -> Work:
    """How a job of `order` is done."""

    def do(job: Job, watch: Watch) -> dict[str, Any]:
        service = studio.within(workspaces.of(job.id))
        crew = service.following.crew_for(job.user or job.id)
        service.jobs.ledger.with_models(job, files.digest_of([one.model_dump() for one in crew.models.origins]))
        asked = crew.models_for(Asker(kind="board", user=job.user, begun=job.made_ms))
        models = recorded(asked, Steps(service.jobs.ledger, job, watch.going_on), service.store)
        manuscript = read(files.inside(_folder(service), job.asked["file"]))
        rights = board.parse(Rights, job.asked["rights"], "The declaration of rights")
        out = service.jobs.folder(job) / "boards"
        finished: list[Made] = []

        def drawn(panel: int, picture: Image.Image) -> None:
            watch.drawn(len(finished), panel, png(picture))

        adapter = Adapter(manuscript, rights, out, Config(**job.asked["config"]), models, crew.drawing)
        adapter.boards(on_board=finished.append, on_panel=drawn)
        watch.going_on()
        kept = [_keep(service, job, number, made) for number, made in enumerate(finished, start=1)]
        return {"boards": kept, "files": _reports(service, job, out)}

    return do


def _folder(service: Service) -> Path:
    return service.settings.home / "manuscripts"


def _named(name: str) -> str:
    """A name that is fit for any disk, whose ending says how it is read."""
    given = PurePosixPath(name.replace("\\", "/"))
    stem = re.sub(r"[^\w ]+", "-", given.stem).strip("- ")[:60] or "manuscript"
    return f"{stem}{given.suffix.lower() if given.suffix.lower() in _SUFFIXES else '.txt'}"


def _keep(service: Service, job: Job, number: int, made: Made) -> str:
    """Bring a finished board into the store, under a name of its own."""
    named = made.board.model_copy(update={"id": f"{job.id}-{number}"})
    drawn = [panel.picture for panel in named.panels if panel.picture]
    pictures = {name: files.inside(made.folder, name).read_bytes() for name in drawn}
    service.store.add(named, pictures, job=job.id)
    return named.id


def _reports(service: Service, job: Job, out: Path) -> list[str]:
    """What of the manuscript is shown and what is not, as a file of the job."""
    if not (out / COVERAGE_MD).is_file():
        return []
    target = service.jobs.folder(job) / "files" / COVERAGE_MD
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(out / COVERAGE_MD, target)
    return [COVERAGE_MD]
