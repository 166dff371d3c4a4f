"""What is wrong with an input, and where."""

from collections.abc import Iterable
from typing import Final


def N_(message: str) -> str:  # noqa: N802 - the name that gettext's tools look for
    """Mark an English sentence for translation and return it unchanged."""
    return message


class Fault(ValueError):
    """One fault: a constant English message, the values it speaks of, and its place."""

    def __init__(self, message: str, place: str = "", **values: object) -> None:
        super().__init__(message, place)
        self.message: Final = message
        self.values: Final[dict[str, object]] = values
        self.place: Final = place

    @property
    def faults(self) -> tuple["Fault", ...]:
        """Return the single faults: for one fault, itself."""
        return (self,)

    def __str__(self) -> str:
        sentence = self.message % self.values
        return f"{self.place}: {sentence}" if self.place else sentence


class RuleFault(Fault):
    """A fault in a rule set; its place is a path such as `groups[2].weight`."""


class FileFault(Fault):
    """A fault in a file; its place names file, row and column as far as they are known."""

    def __init__(
        self,
        message: str,
        file: str,
        row: int | None = None,
        column: str | None = None,
        **values: object,
    ) -> None:
        place = file
        if row is not None:
            place += f" row {row}"
        if column is not None:
            place += f" column {column}"
        super().__init__(message, place, **values)
        self.file: Final = file
        self.row: Final = row
        self.column: Final = column


class Faults(Fault):
    """Several faults of one input; `faults` holds them in order of place."""

    def __init__(self, faults: Iterable[Fault]) -> None:
        self._faults: Final = tuple(faults)
        super().__init__(N_("%(count)d faults were found"), count=len(self._faults))

    def __reduce__(self) -> tuple[type["Faults"], tuple[tuple[Fault, ...]]]:
        return (Faults, (self._faults,))  # so that a child process can hand it back

    @property
    def faults(self) -> tuple[Fault, ...]:
        """Return the single faults."""
        return self._faults

    def __str__(self) -> str:
        return "\n".join([super().__str__(), *(str(fault) for fault in self._faults)])
