"""How far a loop is: a bar where tqdm is installed, else a line now and then."""

from __future__ import annotations

import sys
from typing import Any


class Progress:
    """A progress bar as a context manager; on standard error, and only if it is to be shown."""

    def __init__(self, total: int, done: int, shown: bool):
        self.total, self.done, self.shown = total, done, shown
        self.bar: Any = None

    def __enter__(self) -> Progress:
        if self.shown:
            try:
                from tqdm import tqdm
            except ImportError:
                return self
            self.bar = tqdm(total=self.total, initial=self.done, unit="epoch")
        return self

    def __exit__(self, *_) -> None:
        if self.bar is not None:
            self.bar.close()

    def advance(self, record: dict[str, float]) -> None:
        """Return nothing; show that one more is done, and its numbers."""
        self.done += 1
        numbers = {name: f"{value:.4g}" for name, value in record.items()}
        if self.bar is not None:
            self.bar.set_postfix(numbers, refresh=False)
            self.bar.update()
        elif self.shown and (self.done == self.total or self.done * 10 // self.total > (self.done - 1) * 10 // self.total):
            text = ", ".join(f"{name} {value}" for name, value in numbers.items())
            print(f"epoch {self.done} of {self.total}: {text}", file=sys.stderr)
