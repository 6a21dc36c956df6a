"""Gives the package the requirements of `requirements.txt`, so that they stand in one file (for hatchling; see pyproject.toml)."""

from pathlib import Path
from typing import Any

from hatchling.metadata.plugin.interface import MetadataHookInterface


class Requirements(MetadataHookInterface):
    """Fills `dependencies`."""

    def update(self, metadata: dict[str, Any]) -> None:
        """Read the requirements, without comments."""
        lines = (Path(self.root) / "requirements.txt").read_text(encoding="utf-8").splitlines()
        metadata["dependencies"] = [line for line in lines if line and not line.startswith("#")]
