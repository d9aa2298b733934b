"""What a writer is made of: every architecture is a configuration of the one model, an ablation a list of these."""

from typing import Any, ClassVar

from transformers import AutoConfig, PretrainedConfig

TEXT_ENCODERS = ("lstm", "gru", "transformer")
PICTURE_ENCODERS = ("cnn", "critic")
FUSIONS = ("none", "concat", "cross_attention", "cmar")
SEQUENCES = ("lstm", "gru", "transformer")


class WriterConfig(PretrainedConfig):
    """The shape of a writer; saved beside its weights as `config.json`."""

    model_type: ClassVar[str] = "storywright-writer"

    vocab_size: int = 4_096
    """Pieces the tokenizer knows."""
    pad_id: int = 0
    unknown_id: int = 1
    begin_id: int = 2
    end_id: int = 3
    width: int = 128
    """Numbers in every vector inside."""
    heads: int = 4
    """Of each attention."""
    text_encoder: str = "gru"
    """What reads a caption: lstm, gru or transformer."""
    text_layers: int = 1
    picture_encoder: str = "cnn"
    """What looks at a picture: a network of its own, or the critic's image tower."""
    picture_height: int = 54
    """To what a picture is scaled for the network of its own, in pixels."""
    picture_width: int = 96
    critic_regions: int = 1
    """How many vectors the critic gives for a picture."""
    critic_width: int = 256
    """How many numbers each of them has."""
    fusion: str = "cmar"
    """How words and picture of a panel meet: none, concat, cross_attention or cmar."""
    rounds: int = 2
    """How often words and regions look at each other in cmar."""
    remembers_regions: bool = True
    """Whether the decoder of cmar looks back at the regions as well, and not at the words alone."""
    sequence: str = "gru"
    """What reads the panels one after another: lstm, gru or transformer."""
    sequence_layers: int = 1
    decoder_layers: int = 2
    dropout: float = 0.1
    max_panels: int = 12
    """How many of the latest panels it looks at."""
    max_tokens: int = 40
    """Longest caption in pieces, its two marks included."""
    max_brief: int = 48
    """How many pieces of the brief it reads."""
    languages: list[str] | None = None
    """Which it writes."""
    tags: list[str] | None = None
    """Which it foresees."""
    phases: list[str] | None = None
    """Parts of a story that it tells apart."""
    descriptions: list[str] | None = None
    """Words and pairs of words that describe pictures, by which its judge compares them."""
    names: list[str] | None = None
    """Names of people and places that it has met: those that a story has not told of do not come into it."""
    score_scale: float = 1.0
    """Turns the story score into a probability, together with the next."""
    score_bias: float = 0.0

    def __post_init__(self, **kwargs: Any) -> None:
        self.languages = list(self.languages or ["en", "ru"])
        for name in ("tags", "phases", "descriptions", "names"):
            setattr(self, name, list(getattr(self, name) or []))
        for name, known in _CHOICES.items():
            if getattr(self, name) not in known:
                raise ValueError(f"{name} must be one of {', '.join(known)}, got {getattr(self, name)!r}")
        for name in ("width", "rounds", "max_panels", "decoder_layers", "text_layers", "sequence_layers"):
            if getattr(self, name) < 1:
                raise ValueError(f"{name} must be at least 1, got {getattr(self, name)}")
        if self.width % (2 * self.heads):
            raise ValueError(f"width ({self.width}) must be a multiple of twice the heads ({self.heads})")
        if self.max_tokens < 4:
            raise ValueError(f"max_tokens must be at least 4, got {self.max_tokens}")
        super().__post_init__(**kwargs)


_CHOICES = {
    "text_encoder": TEXT_ENCODERS,
    "picture_encoder": PICTURE_ENCODERS,
    "fusion": FUSIONS,
    "sequence": SEQUENCES,
}

AutoConfig.register(WriterConfig.model_type, WriterConfig, exist_ok=True)
