"""How the settings of one output are called: ``{ch}`` stands for its number. Each family has its own words."""

from dataclasses import dataclass

from tsbench.instruments.languages.scpi import format_number


@dataclass(frozen=True)
class OutputHeaders:
    """Headers, and the smallest steps of levels, of one family."""

    volts: str  #: amplitude; with ``:OFFS`` the offset
    hold: str  #: the command that holds the width while the period changes
    width: str
    period: str
    lead: str
    trail: str
    minimum_amplitude: float  #: [Vpp into 50 Ohm]
    resolution: float  #: [V into 50 Ohm] that a level read back may be off
    full_scale: int  #: of the codes of an arbitrary waveform
    limits: str = ""  #: with ``:HIGH`` and ``:LOW`` the level limits, with ``:STAT`` their switch
    load: str = ":OUTP{ch}:LOAD"
    polarity: str = ":OUTP{ch}:POL"
    output: str = ":OUTP{ch}"  #: switch of the output

    def edges(self, rise_time: float, fall_time: float) -> tuple[str, str]:
        """Return the commands that set rise and fall time [s, 10-90 %]."""
        return f"{self.lead} {format_number(rise_time)}", f"{self.trail} {format_number(fall_time)}"
