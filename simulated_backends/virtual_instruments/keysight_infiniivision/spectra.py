"""The settings of the waveform FFT of an InfiniiVision oscilloscope.

The 1000X and the 3000T have the waveform FFT (chapter ":FFT Commands" of their programmer's guides). Ranges of the
settings are those of Keysight's own test of these commands. Not compared: the span and the scale after a reset, for
which the twin shows the whole spectrum.
"""

from tsbench.simulated_backends.scpi.parameters import Boolean, Choice, Number
from tsbench.simulated_backends.scpi.tree import Setting
from tsbench.simulated_backends.virtual_instruments.keysight_infiniivision.command_table import ScopeTable
from tsbench.simulated_backends.virtual_instruments.keysight_infiniivision.sources import SourceName

WINDOWS = Choice("RECTangular", "HANNing", "FLATtop", "BHARris", "BARTlett")
UNITS = Choice("DECibel", "VRMS")
NARROWEST = 1.0  #: span [Hz]
WIDEST, WIDEST_OF_FUNCTIONS = 50e9, 100e9  #: spans [Hz] of the waveform FFT and of math waveforms
OUTERMOST = 25e9  #: centre [Hz]
SPAN, CENTRE = Number("HZ", NARROWEST, WIDEST), Number("HZ", -OUTERMOST, OUTERMOST)
_SCALE = Number("", 1e-15, 1e12)  #: [dB/div or V/div]


class SpectrumSettings(ScopeTable):
    """What ``:FFT`` sets. The class that has math waveforms computes the defaults."""

    spectrum_displayed = Setting(":FFT:DISPlay", Boolean(), default=False)
    spectrum_source = Setting(":FFT:SOURce", SourceName("CHAN"), default="CHAN1")
    spectrum_window = Setting(":FFT:WINDow", WINDOWS, default="HANN")
    spectrum_unit = Setting(":FFT:VTYPe", UNITS, default="DEC", change="spectrum_scale_anew")
    spectrum_span = Setting(":FFT:SPAN", SPAN, default=lambda owner: owner.nyquist())
    spectrum_centre = Setting(":FFT:CENTer", CENTRE, default=lambda owner: owner.nyquist() / 2)
    spectrum_scale = Setting(":FFT:SCALe", _SCALE, default=lambda owner: owner.fitting("FFT")[0])
    spectrum_offset = Setting(
        ":FFT:OFFSet", Number(), also=(":FFT:REFerence",), default=lambda owner: owner.fitting("FFT")[1])
    spectrum_gate = Setting(":FFT:GATE", Choice("NONE"), default="NONE")

    def spectrum_scale_anew(self) -> None:
        """Forget the scale that was set, which another unit has made meaningless."""
        for name in ("spectrum_scale", "spectrum_offset"):
            self.setting_values.pop((name, ()), None)
