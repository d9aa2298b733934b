"""`storywright keys`: who may use a server that others can reach, and what they did."""

import os
import time
from typing import TYPE_CHECKING

import click

from storywright.errors import needs_extra

if TYPE_CHECKING:
    from storywright.server.audit import Audit
    from storywright.server.keys import Key, Keys


@click.group()
def keys() -> None:
    """Make, list and revoke the keys of the studio's server, and read its audit log."""


@keys.command()
@click.argument("name")
@click.option("--role", type=click.Choice(["viewer", "editor", "admin"]), default="editor", show_default=True)
@click.option("--workspace", default="studio", show_default=True, help="Whose boards it opens.")
@click.option("--days", type=click.FloatRange(min=0, min_open=True), default=90.0, show_default=True)
def make(name: str, role: str, workspace: str, days: float) -> None:
    """Make a key for NAME, a person or a program, and show it this once."""
    known, log = _opened()
    key, token = known.make(name, workspace=workspace, role=role, days=days)
    _note(log, key, "keys make")
    print(token)
    click.echo(
        f"{key.name}: {key.role} of workspace {key.workspace} until {_day(key.expires_ms)}, id {key.id}. "
        "It is not shown again.",
        err=True,
    )


@keys.command(name="list")
def listed() -> None:
    """Show every key: its id, who has it, what it opens, and when it was used last."""
    known, _ = _opened()
    rows = [("id", "name", "workspace", "role", "state", "until", "last used")]
    for key in known.listed():
        used = _day(key.seen_ms) if key.seen_ms else "never"
        rows.append((key.id, key.name, key.workspace, key.role, key.state, _day(key.expires_ms), used))
    widths = [max(len(row[at]) for row in rows) for at in range(len(rows[0]))]
    for row in rows:
        print("  ".join(word.ljust(width) for word, width in zip(row, widths, strict=True)).rstrip())


@keys.command()
@click.argument("key_id", metavar="ID")
def revoke(key_id: str) -> None:
    """End the key with this id, and every session that was begun with it."""
    known, log = _opened()
    key = known.revoke(key_id)
    _note(log, key, "keys revoke")
    print(f"{key.id} ({key.name}) opens nothing any longer; a running server knows it within two seconds.")


@keys.command()
@click.option("--workspace", default="", help="Of one workspace alone.")
@click.option("--limit", type=click.IntRange(1, 10_000), default=50, show_default=True, help="How many rows.")
@click.option("--before", type=click.IntRange(0), default=0, help="The number of the last row seen, for older ones.")
def audit(workspace: str, limit: int, before: int) -> None:
    """Show who changed what, when, from where, and how it ended; the newest first."""
    _, log = _opened()
    for act in log.read(workspace=workspace, limit=limit, before=before):
        moment = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(act.at_ms / 1_000))
        who = f"{act.user or 'somebody'} ({' '.join(filter(None, (act.role, act.by, act.key)))})"
        print(f"{act.number}  {moment}  {act.workspace or '-'}  {who}  {act.address}  {act.status}  {act.what}", end="")
        print(f"  {act.about}" if act.about else "")


def _opened() -> "tuple[Keys, Audit]":
    with needs_extra("serve", "The server's keys"):
        from storywright.server.audit import Audit
        from storywright.server.keys import Keys
        from storywright.settings import Settings
        from storywright.watch import database

    engine = database.engine(Settings.from_environment().database_url)
    return Keys(engine), Audit(engine)


def _note(log: "Audit", key: "Key", what: str) -> None:
    from storywright.server.audit import Act

    user = os.environ.get("USER") or f"uid {os.getuid()}"
    about = f"key={key.id} name={key.name} role={key.role}"
    log.note_now(
        Act(
            workspace=key.workspace, user=user, role="", by="command", key="", what=what, about=about, address="",
            status=0,
        )
    )  # fmt: skip


def _day(ms: int) -> str:
    return time.strftime("%Y-%m-%d", time.gmtime(ms / 1_000))
