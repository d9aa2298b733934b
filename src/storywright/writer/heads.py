"""What else a writer foresees: tags, phase and picture of the next panel."""

from torch import nn

from storywright.writer.config import WriterConfig


class Foresight(nn.Module):
    """From what is known so far: tags, phase and picture of the panel that comes next."""

    def __init__(self, config: WriterConfig) -> None:
        super().__init__()
        self.tags = nn.Linear(config.width, max(len(config.tags or []), 1))
        self.phase = nn.Linear(config.width, max(len(config.phases or []), 1))
        self.picture = nn.Linear(config.width, config.width)
