"""What is wrong with a campaign file: every problem, one line each, with file, entry and key."""

from dataclasses import dataclass, field

MOST = 100  #: problems that are told


@dataclass
class Problems:
    """Collects lines that begin with the file and the place in it."""

    where: str
    lines: list[str] = field(default_factory=list)

    def add(self, key: str, what: str) -> None:
        """Add a problem of a key of this place ("": of the place itself)."""
        if len(self.lines) < MOST:
            self.lines.append(f"{self.where}: {key}: {what}" if key else f"{self.where}: {what}")

    def below(self, place: str) -> "Problems":
        """Return what collects the problems of a place in this one, into the same lines."""
        return Problems(f"{self.where}: {place}", self.lines)
