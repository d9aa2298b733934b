"""Styles that were learnt from pictures: small folders of low-rank weights, kept beside the user's boards.

A style is a folder NAME with `pytorch_lora_weights.safetensors` (which `load_lora_weights` of diffusers opens),
`style.json`, a card and a seal. It fits illustrators of the shape it was learnt with. Knows nothing about learning.
"""

import copy
import dataclasses
import re
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from safetensors import SafetensorError, safe_open

from storywright import files
from storywright.errors import BadInput
from storywright.illustrator import sealed
from storywright.settings import Settings

WEIGHTS = "pytorch_lora_weights.safetensors"
"""What diffusers calls them."""
_ABOUT = "style.json"
_DOWN, _UP = ".lora_A.weight", ".lora_B.weight"
_NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,39}")


@dataclass(frozen=True, kw_only=True, slots=True)
class Style:
    """A style that was learnt."""

    name: str
    words: str
    """What is put before a prompt; empty where the weights alone are the style."""
    illustrator: str
    """What it was learnt for, as a person named it."""
    shape: str
    """Digest of the denoiser's shape: it fits all that have this one."""
    strength: float = 1.0
    """How strongly it is put on, unless a caller says otherwise."""
    rank: int
    steps: int
    num_pictures: int
    loss_before: float
    loss_after: float
    pictures: str
    """Digest of the pictures."""
    digest: str = ""
    """Of its weights."""
    folder: Path = Path()

    def refuse_other(self, denoiser: Any) -> None:
        """Refuse an illustrator that the style does not fit."""
        if shape_of(denoiser) != self.shape:
            raise BadInput(
                f"The style {self.name!r} was learnt for the illustrator {self.illustrator}, which is built "
                "differently: draw with that one, or learn the style again with `--illustrator`."
            )


def home() -> Path:
    """Where this machine's styles are."""
    return Settings.from_environment().home / "styles"


def known(place: Path | None = None) -> list[Style]:
    """All styles that were learnt, by name."""
    place = place or home()
    return [opened(folder) for folder in sorted(place.glob("[a-z0-9]*")) if (folder / _ABOUT).is_file()]


def find(name: str | None, place: Path | None = None) -> Style | None:
    """The style of this name, if one was learnt."""
    folder = (place or home()) / (name or "")
    if not name or not _NAME.fullmatch(name) or not (folder / _ABOUT).is_file():
        return None
    return opened(folder)


def opened(folder: Path) -> Style:
    """The style in a folder; refuses one that is incomplete, altered or pickled."""
    sealed.check(folder, "style", (_ABOUT, WEIGHTS))
    try:
        style = Style(**sealed.read_json(folder / _ABOUT), folder=folder)
        with safe_open(folder / WEIGHTS, framework="numpy") as weights:
            weights.keys()
    except (TypeError, SafetensorError) as error:
        raise BadInput(f"{folder} cannot be opened as a style ({error}): learn it again.") from error
    return style


def remove(name: str, place: Path | None = None) -> None:
    """Forget a style."""
    if find(name, place) is None:
        raise BadInput(f"There is no learnt style {name!r}: {told(place)}.")
    shutil.rmtree((place or home()) / name)


def told(place: Path | None = None) -> str:
    """The learnt styles as a clause."""
    names = [style.name for style in known(place)]
    return f"the learnt ones are {', '.join(names)}" if names else "none was learnt yet (`storywright style learn`)"


def refuse_name(name: str, taken: tuple[str, ...]) -> None:
    """Refuse a name that cannot be a style's."""
    if not _NAME.fullmatch(name):
        raise BadInput(
            f"{name!r} cannot be a style's name: use up to 40 small letters, digits and dashes, as in my-ink."
        )
    if name in taken:
        raise BadInput(f"{name!r} is a style that the illustrator knows by itself: choose another name.")


def finish(style: Style, part: Path, place: Path | None = None) -> Style:
    """Seal what was learnt into the folder `part`, and put it in the place of an earlier style of the name."""
    weights = files.digest(part / WEIGHTS)
    about = dataclasses.asdict(dataclasses.replace(style, digest=weights))
    del about["folder"]
    files.write_json(part / _ABOUT, about)
    files.write_text(part / "README.md", _card(style))
    sealed.seal(part)
    target = (place or home()) / style.name
    target.parent.mkdir(parents=True, exist_ok=True)
    files.replace_folder(part, target)
    return opened(target)


def shape_of(denoiser: Any) -> str:
    """Digest of a denoiser's layers, whether a style is on it or not."""
    plain = {
        name.replace(".base_layer", ""): list(p.shape) for name, p in denoiser.named_parameters() if "lora_" not in name
    }
    return files.digest_of(plain)


def put_on(denoiser: Any, folder: Path, strength: float = 1.0) -> Any:
    """A copy of a denoiser with the low-rank weights of a folder added to its own."""
    worn = copy.deepcopy(denoiser)
    weights = dict(worn.named_parameters())
    with safe_open(folder / WEIGHTS, framework="pt") as kept:
        for name in (name for name in kept.keys() if name.endswith(_DOWN)):  # noqa: SIM118  it is no dict
            weight = weights[name.removeprefix("unet.").replace(_DOWN, ".weight")]
            down, up = (kept.get_tensor(each).to(weight) for each in (name, name.replace(_DOWN, _UP)))
            # What is added is a product of two small matrices; a convolution's first has the shape of its window.
            weight.data += strength * (up.flatten(1) @ down.flatten(1)).view_as(weight)
    return worn


def _card(style: Style) -> str:
    drawn = f"`storywright image PROMPT --style {style.name}`"
    return (
        f"# The style {style.name}\n\n"
        f"Low-rank weights of rank {style.rank} for {style.illustrator}, learnt from {style.num_pictures} pictures "
        f"(digest {style.pictures[:16]}) in {style.steps} steps; the loss on them fell from {style.loss_before:.4f} to "
        f"{style.loss_after:.4f}.\n\n"
        f"Draw with it by {drawn}, or in diffusers by `pipeline.load_lora_weights(FOLDER)`"
        + (f" with the words “{style.words}” before the prompt" if style.words else "")
        + ".\n\nWhoever shares it shares what the pictures look like: look to their licence.\n"
    )
