"""Limits and full scale of the spectra of an InfiniiVision oscilloscope, and what they tell of their resolution."""

from tsbench.simulated_backends.scpi.errors import ScpiError
from tsbench.simulated_backends.scpi.parameters import Number
from tsbench.simulated_backends.scpi.tree import command
from tsbench.simulated_backends.virtual_instruments.keysight_infiniivision.command_table import ScopeBase, ScopeTable
from tsbench.simulated_backends.virtual_instruments.keysight_infiniivision.functions import MathCommands
from tsbench.simulated_backends.virtual_instruments.keysight_infiniivision.spectra import (
    NARROWEST,
    OUTERMOST,
    WIDEST,
    WIDEST_OF_FUNCTIONS,
)
from tsbench.simulated_backends.virtual_instruments.oscilloscope import mathematics

_EDGE = Number("HZ")  #: of a spectrum; its centre and its span have the bounds


class SpectrumCommands(ScopeTable):
    """Limits of spectra instead of centre and span, full scale, and the resolution.

    Parameters
    ----------
    scope : ScopeBase
    functions : MathCommands
        Of the same scope.
    """

    def __init__(self, scope: ScopeBase, functions: MathCommands) -> None:
        super().__init__(scope)
        self.functions = functions

    @command(":FFT:RANGe", Number("", 8e-15, 8e12))
    def set_range(self, value: float) -> None:
        """``:FFT:RANG 160``: full scale."""
        self.functions.spectrum_scale = value / self.data_sheet.divisions

    @command(":FFT:RANGe?")
    def get_range(self) -> str:
        """``:FFT:RANG?``."""
        return self.format_number(self.functions.spectrum_scale * self.data_sheet.divisions)

    @command(":FFT:FREQuency:{STARt|STOP}", _EDGE)
    def set_edge(self, which: str, value: float) -> None:
        """``:FFT:FREQ:STAR 0``: the other end stays."""
        centre, span = _moved(self.functions.spectrum_centre, self.functions.spectrum_span, which, value, WIDEST)
        self.functions.spectrum_centre, self.functions.spectrum_span = centre, span

    @command(":FFT:FREQuency:{STARt|STOP}?")
    def get_edge(self, which: str) -> str:
        """``:FFT:FREQ:STOP?``."""
        return self.format_number(_edge(self.functions.spectrum_centre, self.functions.spectrum_span, which))

    @command(":FUNCtion<1-4>[:FFT]:FREQuency:{STARt|STOP}", _EDGE)
    def set_edge_of(self, number: int, which: str, value: float) -> None:
        """``:FUNC:FFT:FREQ:STOP 1e6``."""
        self._known()
        functions = self.functions
        centre, span = _moved(
            functions.fft_centre[number], functions.fft_span[number], which, value, WIDEST_OF_FUNCTIONS)
        functions.fft_centre[number], functions.fft_span[number] = centre, span

    @command(":FUNCtion<1-4>[:FFT]:FREQuency:{STARt|STOP}?")
    def get_edge_of(self, number: int, which: str) -> str:
        """``:FUNC:FFT:FREQ:STAR?``."""
        self._known()
        return self.format_number(_edge(self.functions.fft_centre[number], self.functions.fft_span[number], which))

    @command(":FFT:{BSIZe|RBWidth|SRATe}?")
    def resolution(self, which: str) -> str:
        """``:FFT:BSIZ?`` [Hz]: from one line to the next; ``RBW?``: resolution bandwidth; ``SRAT?`` [Sa/s]."""
        return self._resolution("FFT", self.functions.spectrum_window, which)

    @command(":FUNCtion<1-4>[:FFT]:{BSIZe|RBWidth|SRATe}?")
    def resolution_of(self, number: int, which: str) -> str:
        """``:FUNC:FFT:BSIZ?``: as that of ``:FFT``; not a number of a math waveform that is no spectrum."""
        self._known()
        if self.functions.operation[number] != "FFT":
            return str(self.scope.not_a_number)
        return self._resolution(f"FUNC{number}", self.functions.fft_window[number], which)

    def _known(self) -> None:
        if not self.data_sheet.spectrum_source:
            raise ScpiError(-113)

    def _resolution(self, source: str, window: str, which: str) -> str:
        trace = self.functions.trace(source)
        if trace is None:
            return str(self.scope.not_a_number)
        return self.format_number({
            "BSIZ": trace.interval, "RBW": trace.interval * mathematics.noise_bandwidth(window),
            "SRAT": 2 * self.functions.nyquist()}[which])


def _edge(centre: float, span: float, which: str) -> float:
    return centre - span / 2 if which == "STAR" else centre + span / 2


def _moved(centre: float, span: float, which: str, value: float, widest: float) -> tuple[float, float]:
    """Return the centre and the span [Hz] with one end moved.

    Raises
    ------
    ScpiError
        -222: CENTer or SPAN would refuse the result, for example because the ends change places.
    """
    start = value if which == "STAR" else centre - span / 2
    stop = value if which == "STOP" else centre + span / 2
    if not NARROWEST <= stop - start <= widest or abs(start + stop) / 2 > OUTERMOST:
        raise ScpiError(-222, text="Data out of range")
    return (start + stop) / 2, stop - start
