"""How the settings of one output are called: ``{ch}`` stands for its number. Each family has its own words."""

from dataclasses import dataclass


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
