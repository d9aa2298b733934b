"""`storywright support`: the inbox of reported problems, worked off in a terminal."""

import json
import time
from typing import TYPE_CHECKING

import click

from storywright.errors import needs_extra

if TYPE_CHECKING:
    from storywright.server.support import Inbox, Ticket


@click.group()
def support() -> None:
    """Work off the problems that people report in the page.

    The tickets lie in the studio's database (STORYWRIGHT_HOME, STORYWRIGHT_DATABASE_URL), so this works on the server's
    machine, or wherever its PostgreSQL can be reached.
    """


@support.command("list")
@click.option("--all", "everything", is_flag=True, help="Closed ones too.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def listed(everything: bool, as_json: bool) -> None:
    """List the tickets, the newest first."""
    tickets = _inbox().listed(("open", "answered", "closed") if everything else ("open", "answered"))
    if as_json:
        print(json.dumps([_summary(ticket) for ticket in tickets], indent=2, ensure_ascii=False))
        return
    for ticket in tickets:
        print(f"{ticket.id}  {ticket.state:8}  {_when(ticket.made_ms)}  {ticket.title}")
    if not tickets:
        print("Nothing is waiting.")


@support.command()
@click.argument("ticket")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def show(ticket: str, as_json: bool) -> None:
    """Show a TICKET with its answers, the board's provenance and how the server was doing."""
    found = _inbox().find(ticket)
    if as_json:
        said = [{"who": one.who, "operator": one.operator, "words": one.words} for one in found.answers]
        print(json.dumps(_summary(found) | {"facts": found.facts, "answers": said}, indent=2, ensure_ascii=False))
        return
    print(f"{found.id}, {found.state}, {_when(found.made_ms)}{', ' + found.contact if found.contact else ''}\n")
    print(f"{found.words}\n")
    for one in found.answers:
        print(f"— {one.who or ('studio' if one.operator else 'reporter')}, {_when(one.made_ms)}\n{one.words}\n")
    print(json.dumps(found.facts, indent=2, ensure_ascii=False))


@support.command()
@click.argument("ticket")
@click.argument("words")
@click.option("--who", default="", help="Your name, which the reporter sees.")
def answer(ticket: str, words: str, who: str) -> None:
    """Answer a TICKET with these WORDS; the reporter reads them in the page."""
    print(f"{_inbox().answer(ticket, words, who=who).id} is answered.")


@support.command()
@click.argument("ticket")
def close(ticket: str) -> None:
    """Close a TICKET; the reporter's next words open it again."""
    inbox = _inbox()
    inbox.find(ticket)
    print(f"{inbox.move(ticket, 'closed').id} is closed.")


def _inbox() -> "Inbox":
    with needs_extra("serve", "The support inbox"):
        from storywright.server.support import Inbox
        from storywright.settings import Settings
        from storywright.watch import database

        return Inbox(database.engine(Settings.from_environment().database_url))


def _summary(ticket: "Ticket") -> dict[str, object]:
    names = ("id", "state", "made_ms", "board", "contact", "words")
    return {name: getattr(ticket, name) for name in names}


def _when(ms: int) -> str:
    return time.strftime("%Y-%m-%d %H:%M", time.gmtime(ms / 1_000))
