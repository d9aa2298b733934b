"""A board, or several candidates side by side, as one HTML file that opens anywhere without a network."""

import base64
import html
from collections.abc import Sequence
from pathlib import Path

from storywright import files
from storywright.board import Panel, Storyboard

_WORDS = {
    "en": {"seconds": "s", "drawn as": "drawn as", "voice": "Voice", "super": "On screen", "missing": "not met"},
    "ru": {"seconds": "с", "drawn as": "нарисовано как", "voice": "Голос", "super": "Титр", "missing": "не выполнено"},
}
_STYLE = """
:root { --paper: #faf7f2; --ink: #22201d; --soft: #6d675f; --line: #ddd5c9; --mark: #b4451f; }
@media (prefers-color-scheme: dark) {
  :root { --paper: #1b1a18; --ink: #ece7df; --soft: #a49c91; --line: #3a3631; --mark: #e8855f; }
}
* { box-sizing: border-box; }
body { margin: 0 auto; padding: 3rem 1.5rem; max-width: 84rem; background: var(--paper); color: var(--ink);
       font: 15px/1.45 "Iowan Old Style", Charter, Georgia, serif; }
h1 { font-size: 1.7rem; margin: 0; letter-spacing: -0.01em; } h2 { font-size: 1.25rem; margin: 3rem 0 0; }
.logline { color: var(--soft); margin: 0.2rem 0 1rem; font-style: italic; }
.panels { display: grid; grid-template-columns: repeat(auto-fill, minmax(15rem, 1fr)); gap: 1.6rem 1.2rem;
          list-style: none; padding: 0; margin: 0; }
.panels img { width: 100%; display: block; border: 1px solid var(--line); border-radius: 3px; background: #fff; }
.head { display: flex; justify-content: space-between; font: 12px/1.9 system-ui, sans-serif; color: var(--soft); }
.panels p { margin: 0.15rem 0; } .small { font: 12px/1.45 system-ui, sans-serif; color: var(--soft); }
.small b { font-weight: 600; color: var(--ink); } .mapped { color: var(--mark); }
dl { display: grid; grid-template-columns: max-content max-content 1fr; gap: 0.1rem 1rem; margin: 1.2rem 0 0;
     font: 13px/1.5 system-ui, sans-serif; } dd { margin: 0; } dd + dd { color: var(--soft); }
"""


def write(board: Storyboard, folder: Path, path: Path) -> Path:
    """Write one board into a page."""
    return compare([(board, folder)], path)


def compare(boards: Sequence[tuple[Storyboard, Path]], path: Path) -> Path:
    """Write the boards, each with the folder that holds its pictures, into one page."""
    first = boards[0][0]
    title = first.brief.title if first.brief else first.title
    body = "\n".join(_board(board, folder) for board, folder in boards)
    page = (
        f'<!doctype html>\n<html lang="{first.language}"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{html.escape(title)}</title><style>{_STYLE}</style></head>\n"
        f"<body><h1>{html.escape(title)}</h1>\n{body}\n</body></html>\n"
    )
    files.write_text(path, page)
    return path


def _board(board: Storyboard, folder: Path) -> str:
    panels = "\n".join(_panel(number + 1, panel, board, folder) for number, panel in enumerate(board.panels))
    scores = "".join(
        f"<dt>{html.escape(score.name)}</dt><dd>{score.value:.2f}</dd><dd>{html.escape(score.reason)}</dd>"
        for score in board.scores
    )
    notices = "".join(f'<p class="small mapped">{html.escape(notice)}</p>' for notice in board.notices)
    return (
        f'<section><h2>{html.escape(board.title)}</h2><p class="logline">{html.escape(board.logline)}</p>'
        f'<ol class="panels">{panels}</ol><dl>{scores}</dl>{notices}</section>'
    )


def _panel(number: int, panel: Panel, board: Storyboard, folder: Path) -> str:
    words = _WORDS[board.language]
    picture = base64.b64encode(files.inside(folder, panel.picture).read_bytes()).decode()
    shot = f"{panel.shot.size}, {panel.shot.angle}" + ("" if panel.shot.move == "static" else f", {panel.shot.move}")
    lines = [f"<p>{html.escape(panel.action)}</p>"]
    lines += [
        f'<p class="small"><b>{html.escape(line.who)}</b> {html.escape(line.line)}</p>' for line in panel.dialogue
    ]
    if panel.voice_over:
        lines.append(f'<p class="small"><b>{words["voice"]}</b> {html.escape(panel.voice_over)}</p>')
    if panel.super:
        lines.append(f'<p class="small"><b>{words["super"]}</b> {html.escape(panel.super)}</p>')
    for said, drawn in panel.drawn_as.items():
        lines.append(f'<p class="small mapped">{html.escape(said)}: {words["drawn as"]} {html.escape(drawn)}</p>')
    head = f"<span>{number} · {html.escape(shot)}</span><span>{panel.seconds:.1f} {words['seconds']}</span>"
    return (
        f'<li><img src="data:image/png;base64,{picture}" alt="{html.escape(panel.action)}">'
        f'<div class="head">{head}</div>{"".join(lines)}</li>'
    )
