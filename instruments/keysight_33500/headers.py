"""How the settings of one output are called: ``{ch}`` stands for its number. Sister families have other words."""

from dataclasses import dataclass

from tsbench.instruments.keysight_33500 import data_sheet


@dataclass(frozen=True)
class OutputHeaders:
    """Headers, and the smallest steps of levels, of one family."""

    volts: str  #: amplitude; with ``:OFFS`` and ``:LIM`` the offset and the level limits
    hold: str
    width: str
    period: str
    lead: str
    trail: str
    minimum_amplitude: float  #: [Vpp into 50 Ohm]
    resolution: float  #: [V into 50 Ohm] that a level read back may be off
    full_scale: int  #: of the codes of an arbitrary waveform


KEYSIGHT_33500 = OutputHeaders(
    volts=":SOUR{ch}:VOLT", hold=":SOUR{ch}:FUNC:PULS:HOLD", width=":SOUR{ch}:FUNC:PULS:WIDT",
    period=":SOUR{ch}:FUNC:PULS:PER", lead=":SOUR{ch}:FUNC:PULS:TRAN:LEAD", trail=":SOUR{ch}:FUNC:PULS:TRAN:TRA",
    minimum_amplitude=data_sheet.MINIMUM_AMPLITUDE, resolution=data_sheet.MINIMUM_AMPLITUDE / 2,
    full_scale=data_sheet.DAC_FULL_SCALE,
)
