"""Clips in service: drawn as jobs, because they take seconds, and kept as files of the job."""

from typing import Any

from storywright.server.drawing.work import Asker, Question
from storywright.server.jobs import Watch, Work
from storywright.server.ledger import Job
from storywright.server.service import Service
from storywright.studio.workspaces import HOME


def order(service: Service, asked: dict[str, Any], *, user: str = "", key: str = "", workspace: str = HOME) -> Job:
    """A job that draws a clip; `asked` says what, as `routes.videos` describes it."""
    num_panels = int(asked["frames"])
    return service.jobs.take("video", asked, user=user, key=key, num_panels=num_panels, workspace=workspace)


def work(service: Service) -> Work:
    """How a job of `order` is done."""
    from storywright.export import clip

    def do(job: Job, watch: Watch) -> dict[str, Any]:
        asked, room = job.asked, service.following.crew_for(job.user or job.id).room
        asker = Asker(kind="board", user=job.user, begun=job.made_ms)
        styled = Question("animator", "in_style", (asked["prompt"], asked["style"]))
        prompt = room.ask(styled, asker)
        watch.going_on()
        how = {name: asked[name] for name in ("frames", "steps", "guidance", "seed", "negative")}
        how["size"] = tuple(asked["size"])
        frames = room.ask(Question("animator", "draw", (prompt,), how), asker)
        watch.going_on()
        name = f"clip.{asked['format']}"
        clip.write(frames, asked["seconds"], service.jobs.folder(job) / "files" / name)
        return {"files": [name]}

    return do
