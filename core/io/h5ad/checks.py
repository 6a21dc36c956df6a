"""Checks of one file, gathered while its parts are read."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal, TypeVar

from core.errors import SampleError
from core.io.incoming import Check

T = TypeVar("T")


@dataclass(kw_only=True)
class Checks:
    """Checks so far; a part that cannot be read adds a bad one."""

    found: list[Check] = field(default_factory=list)

    def say(self, what: str, found: str, status: Literal["good", "notice", "bad"] = "good", advice: str = "") -> None:
        """Add a check."""
        self.found.append(Check(what=what, found=found, status=status, advice=advice))

    def part(self, what: str, read: Callable[[], T]) -> T | None:
        """Read a part, or add a bad check."""
        try:
            return read()
        except SampleError as error:
            sentence = str(error)
            self.say(what, f"The file {sentence}" if sentence[:1].islower() else sentence, "bad")
            return None
