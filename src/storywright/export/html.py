"""A board, or several candidates side by side, as one HTML file that opens anywhere without a network."""

import base64
import html
import io
import mimetypes
from collections.abc import Sequence
from pathlib import Path

from storywright import files
from storywright.board import Panel, Storyboard, picture_size
from storywright.export import camera, pictures, quality, typeset, words
from storywright.export.typeset import Block

_FIELDS = ("shot", "action", "dialogue", "voice", "super", "sound", "drawn")
_STYLE = """
:root { --paper: #faf7f2; --ink: #22201d; --soft: #6d675f; --line: #ddd5c9; --mark: #b4451f; }
@media (prefers-color-scheme: dark) {
  :root { --paper: #1b1a18; --ink: #ece7df; --soft: #a49c91; --line: #3a3631; --mark: #e8855f; }
}
* { box-sizing: border-box; }
body { margin: 0 auto; padding: 3rem 1.5rem; max-width: 84rem; background: var(--paper); color: var(--ink);
       font: 15px/1.45 "IBM Plex Sans", Inter, "Segoe UI", system-ui, sans-serif; }
h1 { font-size: 1.7rem; margin: 0; letter-spacing: -0.01em; } h2 { font-size: 1.25rem; margin: 3rem 0 0; }
.logline { color: var(--soft); margin: 0.3rem 0 1.6rem; font-style: italic; }
.panels { --column: calc((100% - (var(--most) - 1) * 1.4rem) / var(--most)); display: grid;
          grid-template-columns: repeat(auto-fill, minmax(min(max(var(--wide), var(--column)), 100%), 1fr));
          gap: 2rem 1.4rem; list-style: none; padding: 0; margin: 0; }
.panels li { break-inside: avoid; }
.picture { position: relative; margin-bottom: 0.5rem; }
.picture img { width: 100%; height: auto; display: block; border: 1px solid var(--line); border-radius: 2px;
               background: #fff; }
.picture svg { position: absolute; inset: 1px; width: calc(100% - 2px); height: calc(100% - 2px); }
polygon { fill: #fff; stroke: #1d1d1f; stroke-width: 2; stroke-linejoin: round; }
polyline { fill: none; stroke: #1d1d1f; stroke-width: 2; } polyline.halo { stroke: #fff; stroke-width: 5; }
.head { display: flex; justify-content: space-between; gap: 1rem; align-items: baseline; padding-bottom: 0.25rem;
        font-size: 12px; line-height: 1.5; color: var(--soft); }
.head b { font-size: 15px; color: var(--ink); }
.panels p { margin: 0.2rem 0; overflow-wrap: anywhere; }
.panels p.small { font-size: 13px; color: var(--soft); }
.small b { font-weight: 600; color: var(--ink); } .mark, .panels p.mark { color: var(--mark); }
@media print { body { padding: 0; max-width: none; } .panels { grid-template-columns: repeat(3, 1fr); } }
dl { display: grid; grid-template-columns: max-content max-content 1fr; gap: 0.1rem 1rem; margin: 1.2rem 0 0;
     font-size: 13px; } dd { margin: 0; } dd + dd { color: var(--soft); }
"""


def write(board: Storyboard, folder: Path, path: Path) -> Path:
    """Write one board into a page."""
    return compare([(board, folder)], path)


def compare(boards: Sequence[tuple[Storyboard, Path]], path: Path) -> Path:
    """Write the boards, each with the folder that holds its pictures, into one page."""
    first = boards[0][0]
    title = first.brief.title if first.brief else first.title
    body = "\n".join(_board(board, folder, alone=len(boards) == 1) for board, folder in boards)
    page = (
        f'<!doctype html>\n<html lang="{first.language}"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{html.escape(title)}</title><style>{_STYLE}</style></head>\n"
        f"<body>{'' if len(boards) == 1 else f'<h1>{html.escape(title)}</h1>'}\n{body}\n</body></html>\n"
    )
    files.write_text(path, page)
    return path


def _board(board: Storyboard, folder: Path, alone: bool) -> str:
    heading = f"<h1>{html.escape(board.title)}</h1>" if alone else f"<h2>{html.escape(board.title)}</h2>"
    panels = "\n".join(_panel(number, panel, board, folder) for number, panel in enumerate(board.panels, 1))
    scores = "".join(
        f"<dt>{html.escape(words.capital(one.name))}</dt><dd>{one.value}</dd><dd>{html.escape(one.reason)}</dd>"
        for one in quality.card(board)
    )
    notices = "".join(f'<p class="small mark">{html.escape(notice)}</p>' for notice in board.notices)
    return (
        f'<section>{heading}<p class="logline">{html.escape(board.logline)}</p>'
        f'<ol class="panels" style="{_columns(board)}">{panels}</ol><dl>{scores}</dl>{notices}</section>'
    )


def _panel(number: int, panel: Panel, board: Storyboard, folder: Path) -> str:
    lasts = words.seconds(panel.seconds, board.language)
    return (
        f'<li><div class="head"><b>{number}</b><span>{lasts}</span></div>'
        f'<div class="picture">{_picture(number, panel, board, folder)}</div>'
        f"{''.join(map(_said, typeset.blocks(panel, _FIELDS, board.language)))}</li>"
    )


def _said(block: Block) -> str:
    label = f"<b>{html.escape(block.label)}</b> " if block.label else ""
    kind = {"ink": "small" if block.label else "", "soft": "small", "mark": "small mark"}[block.tone]
    return f'<p class="{kind}">{label}{html.escape(block.text)}</p>'


def _picture(number: int, panel: Panel, board: Storyboard, folder: Path) -> str:
    """The picture as it is on the disk, and over it the signs of its move."""
    width, height = picture_size(board.aspect, 360)
    drawn = pictures.picture_of(number, panel, folder)
    if drawn is None:
        stream = io.BytesIO()
        pictures.fitted(None, (width, height)).save(stream, "PNG")
        kind, content = "image/png", stream.getvalue()
    else:
        path = files.inside(folder, panel.picture)
        kind, content = mimetypes.guess_type(path.name)[0] or "image/png", path.read_bytes()
    source = f"data:{kind};base64,{base64.b64encode(content).decode()}"
    image = f'<img src="{source}" width="{width}" height="{height}" alt="{html.escape(panel.action)}">'
    return image + _signs(panel, width, height)


def _signs(panel: Panel, width: int, height: int) -> str:
    shapes = []
    for mark in camera.marks(panel.shot.move, width / height):
        points = " ".join(f"{x * width:.1f},{y * height:.1f}" for x, y in mark.points)
        if mark.closed:
            shapes.append(f'<polygon points="{points}"/>')
        else:
            shapes += [f'<polyline class="halo" points="{points}"/>', f'<polyline points="{points}"/>']
    return f'<svg viewBox="0 0 {width} {height}" aria-hidden="true">{"".join(shapes)}</svg>' if shapes else ""


def _columns(board: Storyboard) -> str:
    """How wide a panel is at least, and how many stand side by side at most, so that the last row is nearly full."""
    width, height = picture_size(board.aspect, 1000)
    wide = max(10.0, min(16.0, 16.0 * (width / height / (16 / 9)) ** 0.5))  # upright ones may be narrower
    choices = (4, 3, 5) if width >= height else (6, 5, 4)
    most = min(choices, key=lambda columns: -len(board.panels) % columns)
    return f"--wide: {wide:.1f}rem; --most: {most}"
