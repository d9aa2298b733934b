"""What makes a row good, in numbers; light to import, unlike the rules made of them in `validation`."""

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True, slots=True)
class Limits:
    """What makes a row good, and how much of a corpus may be bad."""

    languages: dict[str, float]
    """The languages there may be, each with the least share of the panels that it must have."""
    licences: list[str]
    """The licences that are accepted; when the list is empty, any that is named."""
    min_caption_characters: int
    """A caption shorter than this tells nothing."""
    max_caption_characters: int
    """A caption longer than this is not one; it also bounds prompts, at twice as many."""
    min_picture_px: int
    """The least width and height of a picture."""
    max_picture_px: int
    """The greatest width and height of a picture."""
    max_blank: float
    """The share of a picture's pixels that may have one brightness; above it the picture counts as blank."""
    min_in_script: float
    """The share of a text's letters that must be in the script of its language; names may be foreign."""
    max_panels: int
    """The most panels a story may have."""
    max_concept_characters: int
    """The most characters an ad concept may have."""
    max_bad_share: float
    """The step fails when more than this share of the rows of a table goes into quarantine."""
    threads: int
    """How many pictures are decoded at once."""

    def __post_init__(self) -> None:
        for name in ("max_blank", "min_in_script", "max_bad_share"):
            if not 0 <= getattr(self, name) <= 1:
                raise ValueError(f"{name} is a share from 0 to 1, got {getattr(self, name)}")
        for low, high in (
            ("min_caption_characters", "max_caption_characters"),
            ("min_picture_px", "max_picture_px"),
        ):
            if not 0 < getattr(self, low) <= getattr(self, high):
                raise ValueError(f"{low} must be positive and at most {high}")
        if self.threads < 1 or self.max_panels < 1 or self.max_concept_characters < 1:
            raise ValueError("threads, max_panels and max_concept_characters must be positive")
        if not self.languages or not all(0 <= share <= 1 for share in self.languages.values()):
            raise ValueError("languages maps each language to its least share of the panels, from 0 to 1")
