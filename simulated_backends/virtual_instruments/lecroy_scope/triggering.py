"""The trigger commands that all of these oscilloscopes have: TRSE, TRLV, TRSL, TRCP."""

from collections.abc import Mapping
from typing import Any

from tsbench.simulated_backends.lecroy.parameters import LecroyWord, Quantity, pairs
from tsbench.simulated_backends.scpi.errors import ScpiError
from tsbench.simulated_backends.scpi.parameters import Many, Number, Text
from tsbench.simulated_backends.scpi.syntax import capitals
from tsbench.simulated_backends.scpi.tree import command
from tsbench.simulated_backends.virtual_instruments.lecroy_scope.command_table import ShortScope, ShortTable
from tsbench.simulated_backends.virtual_instruments.oscilloscope.pulse_trigger import Duration

_PULSE = ("PS", "PL", "P2", "P1")
_INTERVAL = ("IS", "IL", "I2", "I1")
#: kind of trigger -> its hold types
HOLDS: Mapping[str, tuple[str, ...]] = {
    "EDGE": ("TI", "OFF"), "GLIT": _PULSE, "RUNT": _PULSE, "SLEW": _INTERVAL, "INTV": _INTERVAL, "DROP": ("TI",),
}
_SLOPES = {"POS": "POS", "NEG": "NEG", "WINDOW": "EITH"}
#: [s] of a hold value: of an edge, of the others
EDGE_HOLD, OTHER_HOLD = (80e-9, 1.5), (2e-9, 4.2)
_TIME = Number("S")


class ShortTriggerCommands(ShortTable):
    """What the trigger commands set."""

    sources: tuple[str, ...] = ("C1", "C2", "C3", "C4", "LINE")

    def __init__(self, scope: ShortScope) -> None:
        super().__init__(scope)
        self.set_defaults()

    def set_defaults(self) -> None:
        """Bring what the front panel does not hold to its default."""
        self._select: dict[str, Any] = {"type": "EDGE", "HT": "OFF"}
        self._couplings = dict.fromkeys(range(1, self.data_sheet.channels + 1), "DC")
        self._slopes = dict.fromkeys(range(1, self.data_sheet.channels + 1), "POS")

    # ------------------------------------------------------------------------------------------ condition

    @command("TRSE", Many(Text(bare=True), 1))
    def select(self, kind: str, *raw: str) -> None:
        """``TRSE EDGE,SR,C1,HT,TI,HV,1US``: kind and source of the trigger, and what it waits for."""
        kind, given = capitals(kind), pairs(raw)
        if kind not in HOLDS or not given.keys() <= {"SR", "HT", "HV", "HV2"}:
            raise ScpiError(-224)
        source = given.get("SR", self.panel.trigger.source).replace("EX/5", "EX5")
        if source not in self.sources or (kind != "EDGE" and not source.startswith("C")):
            raise ScpiError(-224)
        hold = given.get("HT", self._select["HT"] if self._select["type"] == kind else HOLDS[kind][-1])
        if hold not in HOLDS[kind]:
            raise ScpiError(-224)
        low, high = EDGE_HOLD if kind == "EDGE" else OTHER_HOLD
        values: dict[str, Any] = {name: min(max(_TIME.parse(given[name].encode(), self, ()), low), high)
                                  for name in ("HV", "HV2") if name in given}
        self._select = {"type": kind, "HT": hold, "HV": low, "HV2": high, **values}
        self._apply(kind, source)

    @property
    def kind(self) -> str:
        """Return what it triggers on: EDGE, GLIT, ..."""
        return str(self._select["type"])

    def select_source(self, source: str) -> None:
        """Trigger on another source, and on the same as before.

        Raises
        ------
        ScpiError
            -224: there is no such source.
        """
        if source not in self.sources or (self.kind != "EDGE" and not source.startswith("C")):
            raise ScpiError(-224)
        self._apply(self.kind, source)

    def _apply(self, kind: str, source: str) -> None:
        trigger, hold = self.panel.trigger, self._select["HT"]
        trigger.kind = {"EDGE": "EDGE", "GLIT": "PULSE"}.get(kind, kind)
        trigger.source = "EXT" if source.startswith("EX") else source
        trigger.holdoff = self._select["HV"] if kind == "EDGE" and hold == "TI" else None
        if source.startswith("C"):
            slope = self._slopes[int(source[1:])]
            trigger.slope, trigger.positive = _SLOPES[slope], slope != "NEG"
        first, second = self._select.get("HV", 0.0), self._select.get("HV2", 0.0)
        trigger.width = {
            "PS": Duration(high=first), "PL": Duration(low=first), "P2": Duration(first, second),
            "P1": Duration(first, second, outside=True)}.get(hold, Duration())

    @command("TRSE?")
    def _selected(self) -> str:
        hold = self._select["HT"]
        source = self.panel.trigger.source
        parts = [self._select["type"], "SR", "EX" if source == "EXT" else source, "HT", hold]
        if hold != "OFF":
            parts += ["HV", f"{self.format_number(self._select['HV'])}S"]
        if hold in ("P2", "P1", "I2", "I1"):
            parts += ["HV2", f"{self.format_number(self._select['HV2'])}S"]
        return ",".join(parts)

    # ------------------------------------------------------------------------------------ level and slope

    @command("C<1-4>:TRLV", Quantity("V"))
    def set_level(self, channel: int, value: float) -> None:
        """``C1:TRLV 1V``: trigger level; one out of reach becomes the nearest."""
        self.panel.set_level(channel, value)

    @command("C<1-4>:TRLV?")
    def _get_level(self, channel: int) -> str:
        return self.quantity(self.panel.channels[channel].level, "V")

    @command("C<1-4>:TRSL", LecroyWord("POS", "NEG", "WINDOW"))
    def set_slope(self, channel: int, word: str) -> None:
        """``C1:TRSL NEG``: slope of the trigger."""
        self._slopes[channel] = word
        trigger = self.panel.trigger
        if trigger.source == f"C{channel}":
            trigger.slope, trigger.positive = _SLOPES[word], word != "NEG"

    @command("C<1-4>:TRSL?")
    def slope(self, channel: int) -> str:
        """``C1:TRSL?``: slope of the trigger."""
        return self._slopes[channel]

    @command("C<1-4>:TRCP", LecroyWord("AC", "DC", "HFREJ", "LFREJ"))
    def set_trigger_coupling(self, channel: int, word: str) -> None:
        """``C1:TRCP DC``: coupling of the trigger; its filters are not simulated."""
        self._couplings[channel] = word

    @command("C<1-4>:TRCP?")
    def trigger_coupling(self, channel: int) -> str:
        """``C1:TRCP?``: coupling of the trigger."""
        return self._couplings[channel]
