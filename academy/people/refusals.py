"""What every action of this room raises when it refuses: the pages answer all of them alike."""

from __future__ import annotations


class Refused(Exception):
    """Nothing was changed. The message is for whoever asked; `field` is the one that is wrong, empty for all of it."""

    def __init__(self, message: str, *, field: str = "") -> None:
        super().__init__(message)
        self.field = field
