"""Where the numbers of an imperfection come from: a manual or a data sheet with its page, or none that was found."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Origin:
    """Where the numbers of one imperfection come from.

    Parameters
    ----------
    found : manual or data sheet with its page; "": no data sheet was found for these numbers
    missing : the numbers among them for which no data sheet was found; "": all have the source in ``found``, or none
    """

    found: str = ""
    missing: str = ""

    def __str__(self) -> str:
        """Return what a table says."""
        if not self.found:
            return "no data sheet found"
        return f"{self.found}. No data sheet found for {self.missing}" if self.missing else self.found


NO_DATA_SHEET = Origin()
