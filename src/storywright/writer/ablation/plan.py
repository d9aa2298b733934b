"""What is compared: configurations of the one writer, each over several seeds, at equal parameters and equal steps."""

from dataclasses import dataclass, field, fields, replace
from typing import Any, Literal

from storywright.errors import BadInput
from storywright.writer.augmentation import Augmentation

Encoder = Literal["lstm", "gru", "transformer"]
Eye = Literal["cnn", "critic"]
Fusion = Literal["none", "concat", "cross_attention", "cmar"]

QUIET = Augmentation(picture_dropout=0.0, brief_dropout=0.0, brief_words=0.0, picture_jitter=0.0)
"""Nothing is hidden or changed; there are no briefs."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Variant:
    """One configuration."""

    name: str
    fusion: Fusion = "cmar"
    text_encoder: Encoder = "gru"
    picture_encoder: Eye = "cnn"
    sequence: Encoder = "gru"
    rounds: int = 2
    remembers_regions: bool = True
    alignment: float = 0.1
    """Weight of the alignment loss; it belongs to cmar alone."""
    augmentation: Augmentation = field(default=QUIET)

    def __post_init__(self) -> None:
        if self.fusion != "cmar" and self.alignment:
            raise ValueError(f"{self.name}: the alignment loss belongs to cmar, set alignment to 0")


FUSIONS = (
    Variant(name="text only", fusion="none", alignment=0.0),
    Variant(name="concatenation", fusion="concat", alignment=0.0),
    Variant(name="cross-attention", fusion="cross_attention", alignment=0.0),
    Variant(name="CMAR"),
)
WITHIN_CMAR = (
    Variant(name="CMAR, one round", rounds=1),
    Variant(name="CMAR without alignment loss", alignment=0.0),
    Variant(name="CMAR whose decoder sees words alone", remembers_regions=False),
)
ENCODERS = (
    Variant(name="CMAR, LSTM", text_encoder="lstm"),
    Variant(name="CMAR, transformer", text_encoder="transformer"),
    Variant(name="CMAR, critic's eye", picture_encoder="critic"),
)
AUGMENTATIONS = (
    Variant(name="CMAR + panel dropout", augmentation=replace(QUIET, panel_dropout=0.1)),
    Variant(name="CMAR + paraphrase", augmentation=replace(QUIET, paraphrase=0.67)),
    Variant(name="CMAR + picture jitter", augmentation=replace(QUIET, picture_jitter=0.3)),
    Variant(name="CMAR + order noise", augmentation=replace(QUIET, order_noise=0.2)),
)
GROUPS: dict[str, tuple[Variant, ...]] = {
    "fusion": FUSIONS,
    "refinement": WITHIN_CMAR,
    "encoders": ENCODERS,
    "augmentation": AUGMENTATIONS,
}
BASE = "CMAR"
"""What all others are compared with."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Plan:
    """How the comparison is made."""

    groups: tuple[str, ...] = tuple(GROUPS)
    """Which of the groups of configurations take part."""
    seeds: tuple[int, ...] = (1, 2, 3)
    train_stories: int = 2_000
    test_stories: int = 200
    wordings: int = 3
    """How many times each story is told; captions are measured against all of them."""
    vocabulary: int = 600
    parameters: int = 400_000
    """About how many each configuration has; its width is chosen for that."""
    steps: int = 600
    batch: int = 16
    """Stories a step."""
    learning_rate: float = 3e-3
    validate_every: int = 100
    validation_stories: int = 48
    material_seed: int = 4_000
    """Chooses the stories; the same for all."""
    threads: int = 1

    def __post_init__(self) -> None:
        if unknown := set(self.groups) - set(GROUPS):
            raise BadInput(f"There is no group {sorted(unknown)[0]!r} to ablate: choose from {', '.join(GROUPS)}.")
        if len(set(self.seeds)) < 2:
            raise BadInput(
                "An ablation needs at least two different seeds: with one, chance cannot be told from skill."
            )
        for one in fields(self):
            value = getattr(self, one.name)
            if isinstance(value, int | float) and value <= 0:
                raise BadInput(f"{one.name} must be positive, got {value}")

    def variants(self) -> list[Variant]:
        """The configurations, the base among them in any case."""
        return [variant for group in self._chosen() for variant in group]

    def runs(self) -> list[tuple[Variant, int]]:
        """Every configuration with every seed, in the order in which they are made: group after group."""
        return [(variant, seed) for group in self._chosen() for seed in self.seeds for variant in group]

    def _chosen(self) -> list[tuple[Variant, ...]]:
        chosen = [group for name, group in GROUPS.items() if name in self.groups]
        return chosen if any(one.name == BASE for group in chosen for one in group) else [FUSIONS[-1:], *chosen]


def changed(plan: Plan, values: dict[str, Any]) -> Plan:
    """The plan with other values, as they come from a command line or a file."""
    known = {one.name for one in fields(Plan)}
    if unknown := set(values) - known:
        raise BadInput(f"A plan has no {sorted(unknown)[0]!r}: choose from {', '.join(sorted(known))}.")
    read: dict[str, Any] = {name: tuple(value) if isinstance(value, list) else value for name, value in values.items()}
    return replace(plan, **read)
