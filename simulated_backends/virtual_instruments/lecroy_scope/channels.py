"""The commands of one input that all of these oscilloscopes have: VDIV, OFST, ATTN, CPL, TRA; and ``CHDR``."""

from tsbench.simulated_backends.lecroy.parameters import LecroyWord, Quantity
from tsbench.simulated_backends.scpi.errors import ScpiError
from tsbench.simulated_backends.scpi.parameters import Number, OnOrOff
from tsbench.simulated_backends.scpi.tree import command
from tsbench.simulated_backends.virtual_instruments.lecroy_scope.command_table import ShortTable

#: first letter of a coupling -> coupling
_COUPLINGS = {"A1M": ("AC", "1M"), "D1M": ("DC", "1M"), "D50": ("DC", "50"), "GND": ("GND", "")}
_ATTENUATIONS = (0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 20.0, 50.0, 100.0, 200.0, 500.0, 1000.0, 2000.0, 5000.0, 10000.0)


class InputCommands(ShortTable):
    """What ``C1:`` sets."""

    attenuations = _ATTENUATIONS

    @command("CHDR", LecroyWord("SHORT", "LONG", "OFF"))
    def _set_reply_header(self, mode: str) -> None:
        self.scope.reply_header = mode

    @command("CHDR?")
    def _get_reply_header(self) -> str:
        return self.scope.reply_header

    @command("C<1-4>:VDIV", Quantity("V"))
    def set_scale(self, channel: int, value: float) -> None:
        """``C1:VDIV 500MV``: volts per division; one that cannot be becomes the nearest."""
        if value <= 0:
            raise ScpiError(-222)
        self.panel.set_scale(channel, value)

    @command("C<1-4>:VDIV?")
    def _get_scale(self, channel: int) -> str:
        return self.quantity(self.panel.channels[channel].scale, "V")

    @command("C<1-4>:OFST", Quantity("V"))
    def set_offset(self, channel: int, value: float) -> None:
        """``C1:OFST -1V``: what is added to the signal; one that cannot be becomes the nearest."""
        self.panel.set_middle(channel, -value)

    @command("C<1-4>:OFST?")
    def _get_offset(self, channel: int) -> str:
        return self.quantity(0.0 - self.panel.channels[channel].middle, "V")   # no minus in front of zero

    @command("C<1-4>:ATTN", Number())
    def set_attenuation(self, channel: int, value: float) -> None:
        """``C1:ATTN 10``: attenuation of the probe."""
        if value not in self.attenuations:
            raise ScpiError(-222)
        self.panel.set_probe(channel, value)

    @command("C<1-4>:ATTN?")
    def _get_attenuation(self, channel: int) -> str:
        return f"{self.panel.channels[channel].probe:g}"

    @command("C<1-4>:CPL", LecroyWord(*_COUPLINGS))
    def set_coupling(self, channel: int, word: str) -> None:
        """``C1:CPL D1M``: coupling and impedance of an input."""
        coupling, impedance = _COUPLINGS[word]
        if impedance and impedance not in self.data_sheet.impedances:
            raise ScpiError(-224)
        one = self.panel.channels[channel]
        one.coupling = coupling
        if impedance and impedance != one.impedance:
            self.panel.set_impedance(channel, impedance)

    @command("C<1-4>:CPL?")
    def coupling(self, channel: int) -> str:
        """``C1:CPL?``: coupling and impedance of an input."""
        one = self.panel.channels[channel]
        return "GND" if one.coupling == "GND" else one.coupling[0] + one.impedance

    @command("C<1-4>:TRA", OnOrOff())
    def set_shown(self, channel: int, on: bool) -> None:
        """``C1:TRA ON``: switch a channel on or off."""
        self.panel.channels[channel].shown = on

    @command("C<1-4>:TRA?")
    def _get_shown(self, channel: int) -> str:
        return "ON" if self.panel.channels[channel].shown else "OFF"
