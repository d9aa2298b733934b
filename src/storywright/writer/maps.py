"""Where a writer looked, drawn over the pictures: by a caption that it wrote, or by the words of a panel it was told.

Knows nothing about how captions are found.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image

from storywright.writer.decoding import Rules, Search
from storywright.writer.model import Writer
from storywright.writer.proposals import Told

Map = NDArray[np.floating]

_WARM = np.array([255, 96, 0], np.float32)


@dataclass(frozen=True, slots=True)
class Looks:
    """How much a caption's pieces looked at each thing before it, on the mean; together they add up to one."""

    panels: Map
    """(panels): at each panel, words and picture."""
    regions: Map
    """(panels, rows, columns): at each place of each panel's picture; zero where the fusion keeps no regions."""
    brief: float


def of_caption(writer: Writer, story: Sequence[Told], caption: str, *, brief: str = "", language: str = "en") -> Looks:
    """Where the writer looks when it writes this caption after this story."""
    network, read, stories = writer.read(story, brief=brief, language=language)
    panel = int(stories.there.sum())
    search = Search(network, read, panel, Rules())
    looks, memory = search.looks([writer.pieces_of(caption)])[0], search.memory
    rows, columns = network.picture.rows, network.picture.columns
    regions = np.zeros((panel, rows * columns))
    shares = np.zeros(panel)
    for share, at, region in zip(looks.tolist(), memory.panel[0].tolist(), memory.region[0].tolist(), strict=True):
        if 0 <= at < panel:
            shares[at] += share
            if region >= 0:
                regions[at, region] += share
    said = (memory.panel[0] == -1) & (memory.pieces[0] >= 0)
    return Looks(shares, regions.reshape(panel, rows, columns), float(looks[said].sum()))


def of_words(writer: Writer, told: Told, language: str = "en") -> tuple[list[str], Map]:
    """The pieces of a panel's caption, and where in its picture each of them looks: rows, columns for each piece."""
    network, read, stories = writer.read([told], brief="", language=language)
    if read.fused.looks is None:
        return [], np.zeros((0, network.picture.rows, network.picture.columns))
    pieces = stories.words[0, 0]
    inner = (pieces != network.config.pad_id) & (pieces != network.config.begin_id) & (pieces != network.config.end_id)
    found = read.fused.looks[0][inner].view(-1, network.picture.rows, network.picture.columns)
    return writer.spelt(pieces[inner].tolist()), found.numpy()


def over(picture: Image.Image, looks: Map, strength: float = 0.75) -> Image.Image:
    """A picture, pale where nobody looked and warm where somebody did."""
    heat = torch.from_numpy(np.asarray(looks, np.float32))[None, None]
    size = (picture.height, picture.width)
    heat = torch.nn.functional.interpolate(heat, size, mode="bicubic").clamp(min=0)[0, 0]
    share = (heat / heat.max().clamp(min=1e-9)).numpy()[..., None] * strength
    pale = 255 - (255 - np.asarray(picture.convert("RGB"), np.float32)) * 0.55
    return Image.fromarray((pale * (1 - share) + _WARM * share).astype(np.uint8))
