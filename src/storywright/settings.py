"""Where things are, read from the environment once, at the edge, and handed down as a value."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

FACTORY = Path("factory")
"""Where the pipeline's steps leave what they make, unless a caller says otherwise."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Settings:
    """One instance of storywright on one machine."""

    home: Path
    """Boards, the studio's database and what is deployed (STORYWRIGHT_HOME)."""
    database_url: str
    """SQLAlchemy URL of the studio's database (STORYWRIGHT_DATABASE_URL)."""
    tracking_uri: str
    """MLflow's tracking server or database (MLFLOW_TRACKING_URI)."""

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] = os.environ) -> "Settings":
        """Read the variables; each has a default that works on a laptop."""
        home = Path(environment.get("STORYWRIGHT_HOME", FACTORY / "home"))
        tracking = (FACTORY / "mlflow" / "mlflow.db").resolve()
        return cls(
            home=home,
            database_url=environment.get("STORYWRIGHT_DATABASE_URL", f"sqlite:///{home / 'studio.db'}"),
            tracking_uri=environment.get("MLFLOW_TRACKING_URI", f"sqlite:///{tracking}"),
        )
