"""The writer's network: from the panels so far, and the brief, to what the next panel says and is.

A whole story goes through at once: each panel is read once, and every panel is foretold from those before it. Knows
nothing about files, tokenizers, or how a caption is searched for.
"""

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from transformers import AutoModel, PreTrainedModel

from storywright.writer.config import WriterConfig
from storywright.writer.decoder import NOWHERE, Copying, Decoder, Memory
from storywright.writer.fusion import Alignment, Fused, fusion_of
from storywright.writer.heads import Foresight
from storywright.writer.judge import Judgement, StoryScore, num_descriptions
from storywright.writer.pictures import PictureEncoder
from storywright.writer.sequence import SequenceModel
from storywright.writer.text import TextEncoder


@dataclass(frozen=True, slots=True)
class Stories:
    """A batch of stories; what is shorter is padded."""

    words: Tensor
    """(b, n, t): the pieces of each caption, with the marks of beginning and end."""
    pictures: Tensor
    """(b, n, h, w, 3) as uint8, (b, n, r, c) from the critic, or for judging alone (b, n, k): what describes them."""
    seen: Tensor
    """(b, n): whether there is a picture."""
    there: Tensor
    """(b, n): whether there is such a panel."""
    brief: Tensor
    """(b, l): pieces of the brief."""
    language: Tensor
    """(b)"""


@dataclass(frozen=True, slots=True)
class Read:
    """What a story is after it was read."""

    words: Tensor
    """(b, n, t, d): at first sight, before words and pictures have met."""
    regions: Tensor
    """(b, n, r, d): likewise."""
    fused: Fused
    """Of all panels, stories one after another."""
    panels: Tensor
    """(b, n, d)"""
    context: Tensor
    """(b, n + 1, d): what is known before each panel, and after the last."""
    memory: Memory


class WriterModel(PreTrainedModel):
    """One model for every configuration."""

    config_class = WriterConfig
    config: WriterConfig
    base_model_prefix = "writer"

    def __init__(self, config: WriterConfig) -> None:
        super().__init__(config)
        width = config.width
        self.pieces = nn.Embedding(config.vocab_size, width, padding_idx=config.pad_id)
        self.language = nn.Embedding(len(config.languages or []), width)
        self.brief_place = nn.Parameter(torch.randn(config.max_brief, width) * 0.02)
        self.panel_place = nn.Parameter(torch.randn(config.max_panels + 1, width) * 0.02)
        self.nothing = nn.Parameter(torch.randn(width) * 0.02)
        self.text, self.picture, self.fusion = TextEncoder(config), PictureEncoder(config), fusion_of(config)
        self.alignment, self.seen_words = Alignment(config), nn.Linear(width, config.vocab_size)
        self.describes = nn.Linear(width, num_descriptions(config))
        self.sequence, self.decoder, self.copying = SequenceModel(config), Decoder(config), Copying(config)
        self.bias = nn.Parameter(torch.zeros(config.vocab_size))
        self.foresight, self.story_score = Foresight(config), StoryScore(config)
        # Few of all words describe a picture.
        nn.init.constant_(self.seen_words.bias, -5.0)
        nn.init.constant_(self.describes.bias, -4.0)
        self.post_init()

    @torch.no_grad()
    def _init_weights(self, module: nn.Module) -> None:
        if isinstance(module, nn.Embedding):
            nn.init.normal_(module.weight, std=self.config.width**-0.5)
            if module.padding_idx is not None:
                module.weight[module.padding_idx].zero_()

    def forward(self, stories: Stories) -> Read:
        """Read the stories."""
        b, n, _ = stories.words.shape
        pieces = stories.words.flatten(0, 1)
        mask = self.is_word(pieces)
        words: Tensor = self.text(self.pieces(pieces), mask)
        regions: Tensor = self.picture(stories.pictures.flatten(0, 1), stories.seen.flatten())
        fused: Fused = self.fusion(words, mask, regions)
        panels = fused.panel.unflatten(0, (b, n))
        brief, condition = self._read_brief(stories)
        return Read(
            words.unflatten(0, (b, n)),
            regions.unflatten(0, (b, n)),
            fused,
            panels,
            self.sequence(panels, condition),
            self._memory(stories, fused, brief),
        )

    def foretell(self, read: Read, inputs: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """The decoder's hidden states for captions (b, n, t) of the same panels, and how each piece may be copied."""
        mask = self.view(read.memory, torch.arange(inputs.shape[1], device=inputs.device))
        hidden = self.decoder(self.pieces(inputs), read.context[:, : inputs.shape[1]], read.memory, mask)
        return hidden, *self.copying(hidden, read.memory, mask)

    def shown(self, pictures: Tensor, seen: Tensor) -> Tensor:
        """How surely each description is one of each picture; what was read before is taken as it is."""
        # seen (…), pictures (…, k) or as the picture encoder takes them -> (…, k)
        if pictures.ndim == seen.ndim + 1:
            return pictures.to(self.bias.dtype)
        regions = self.picture(pictures.flatten(0, seen.ndim - 1), seen.flatten())
        return self.described(regions).sigmoid().unflatten(0, seen.shape)

    def described(self, regions: Tensor) -> Tensor:
        """Logits of what describes pictures, each looked for in the region that shows it best."""  # -> (n, k)
        return self.describes(regions).amax(-2)

    def judge(self, stories: Stories) -> Judgement:
        """Whether the panels of each story belong together in their order."""
        shown = None if self.config.fusion == "none" else self.shown(stories.pictures, stories.seen)
        found: Judgement = self.story_score(stories.words, shown, stories.seen, stories.there)
        return found

    def logits(self, hidden: Tensor) -> Tensor:
        """How likely each piece of the vocabulary is to be written."""
        return nn.functional.linear(hidden, self.pieces.weight, self.bias)

    def view(self, memory: Memory, panels: Tensor) -> Tensor:
        """What of the memory is known before each of the panels."""  # (b, m), (n) -> (b, n, m)
        return memory.panel.unsqueeze(1) < panels[None, :, None]

    def is_word(self, pieces: Tensor) -> Tensor:
        """Where there is a piece and no padding."""
        return pieces != self.config.pad_id

    def _read_brief(self, stories: Stories) -> tuple[Tensor, Tensor]:
        """The brief's pieces as vectors, and the whole of it, with the language, as one."""
        mask = self.is_word(stories.brief).unsqueeze(-1)
        vectors = self.pieces(stories.brief) + self.brief_place[: stories.brief.shape[1]]
        mean = (vectors * mask).sum(1) / mask.sum(1).clamp(min=1)
        return vectors, mean + self.language(stories.language)

    def _memory(self, stories: Stories, fused: Fused, brief: Tensor) -> Memory:
        b, n, _ = stories.words.shape
        place = self.panel_place[1 : n + 1, None]
        number = torch.arange(n, device=brief.device)[None, :, None]
        words = fused.words.unflatten(0, (b, n)) + place
        real = self.is_word(stories.words) & stories.there.unsqueeze(-1)
        copied = real & (stories.words != self.config.begin_id) & (stories.words != self.config.end_id)
        parts = [
            _part(self.nothing.expand(b, 1, -1), brief.new_full((b, 1), -1, dtype=torch.long)),
            _part(
                brief + self.panel_place[0],
                torch.where(self.is_word(stories.brief), -1, NOWHERE),
                torch.where(self.is_word(stories.brief), stories.brief, -1),
            ),
            _part(
                words.flatten(1, 2),
                torch.where(real, number, NOWHERE).flatten(1),
                torch.where(copied, stories.words, -1).flatten(1),
            ),
        ]
        if fused.regions is not None:
            regions = fused.regions.unflatten(0, (b, n)) + place
            r = regions.shape[2]
            known = (stories.there & stories.seen).unsqueeze(-1).expand(-1, -1, r)
            which = torch.arange(r, device=brief.device).expand(b, n, r)
            panel = torch.where(known, number, NOWHERE)
            parts.append(_part(regions.flatten(1, 2), panel.flatten(1), region=which.flatten(1)))
        return Memory(*(torch.cat(columns, 1) for columns in zip(*parts, strict=True)))


def _part(
    vectors: Tensor, panel: Tensor, pieces: Tensor | None = None, region: Tensor | None = None
) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    none = torch.full_like(panel, -1)
    return vectors, panel, none if pieces is None else pieces, none if region is None else region


AutoModel.register(WriterConfig, WriterModel, exist_ok=True)
