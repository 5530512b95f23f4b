"""Base class of the drivers of wafer probers: what they share, whatever the commands are."""

from collections.abc import Mapping, Sequence

from tsbench.errors import InstrumentError, LimitError
from tsbench.instruments.interfaces import OutputState, Site
from tsbench.instruments.languages.message_instrument import MessageInstrument


def allowed_by_its_word(message: str, allowed: Sequence[str]) -> bool:
    """Whether the word of a message, without its arguments, is one that a driver allows to be repeated."""
    return message.partition(" ")[0] in allowed


class ProberInstrument(MessageInstrument):
    """A wafer prober: every command has a reply, which says whether it was carried out."""

    output_names: Sequence[str] = ()
    _site: Site | None = None

    def sites(self) -> Sequence[Site]:
        """Return the dies of the wafer map that is loaded; drivers override."""
        raise NotImplementedError

    def site(self) -> Site:
        """Ask where the needles are; drivers override."""
        raise NotImplementedError

    def in_contact(self) -> bool:
        """Ask whether the needles touch the wafer; drivers override."""
        raise NotImplementedError

    def step(self, site: Site) -> None:
        """Send the command that moves to a site; drivers override."""
        raise NotImplementedError

    def lower(self) -> None:
        """Send the command that separates; drivers override."""
        raise NotImplementedError

    def raise_chuck(self) -> None:
        """Send the command that makes contact; drivers override."""
        raise NotImplementedError

    def separate(self) -> None:
        """Lower the wafer from the needles, and ask that it is lowered."""
        self.lower()
        if self.in_contact():
            raise InstrumentError(f"{self.label}: the chuck was to be lowered, but it is in contact. Check the prober")

    def move_to(self, site: Site) -> None:
        """Move there, separated; returns when it has arrived."""
        if (site.column, site.row) not in {(one.column, one.row) for one in self.sites()}:
            raise LimitError(f"{self.label}: the wafer map has no die in column {site.column}, row {site.row}. "
                             "Correct the place of the device in [positioner.devices], or load another wafer map")
        self.separate()
        self.step(site)
        if (found := self.site()) != site:
            raise InstrumentError(f"{self.label}: the prober moved to {_place(found)} instead of {_place(site)}. Check "
                                  "the wafer map and the alignment")
        self._site = found

    def accepted_settings(self) -> Mapping[str, object]:
        """Return the site that the prober moved to last."""
        here = self._site
        return {} if here is None else {"column": here.column, "row": here.row, "subsite": here.subsite}

    def contact(self) -> None:
        """Raise the wafer to the needles, and ask that it is in contact."""
        self.raise_chuck()
        if not self.in_contact():
            raise InstrumentError(f"{self.label}: the chuck was to be raised, but the prober says that it is not in "
                                  "contact. Set the contact height at the prober")

    def safe_state(self) -> None:
        """Do nothing: the needles must not lift while an output may still be on."""

    def output_states(self) -> Sequence[OutputState]:
        """Return nothing: a prober has no output."""
        return []

    def accuracy(self) -> Mapping[str, Mapping[str, float]]:
        """Return nothing: it measures nothing."""
        return {}


def _place(site: Site) -> str:
    subsite = f", subsite {site.subsite}" if site.subsite else ""
    return f"column {site.column}, row {site.row}{subsite}"
