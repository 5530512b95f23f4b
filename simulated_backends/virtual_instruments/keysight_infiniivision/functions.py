"""The commands FUNCtion of the InfiniiVision oscilloscopes: math waveforms.

A math waveform is computed from the measurement record. Without a scale of its own it gets one that shows all of it.
"""

import math
from typing import Any

import numpy as np

from tsbench.simulated_backends.scpi.errors import ScpiError
from tsbench.simulated_backends.scpi.parameters import Boolean, Choice, Number
from tsbench.simulated_backends.scpi.tree import Setting, command
from tsbench.simulated_backends.virtual_instruments.keysight_infiniivision.channels import Label
from tsbench.simulated_backends.virtual_instruments.keysight_infiniivision.command_table import ScopeBase
from tsbench.simulated_backends.virtual_instruments.keysight_infiniivision.records import Codes, ScopeRecords
from tsbench.simulated_backends.virtual_instruments.keysight_infiniivision.sources import SourceName
from tsbench.simulated_backends.virtual_instruments.keysight_infiniivision.spectra import (
    CENTRE,
    NARROWEST,
    UNITS,
    WIDEST_OF_FUNCTIONS,
    WINDOWS,
    SpectrumSettings,
)
from tsbench.simulated_backends.virtual_instruments.oscilloscope import mathematics
from tsbench.simulated_backends.virtual_instruments.oscilloscope.front_end import HOLE, InputChannel, convert
from tsbench.simulated_backends.virtual_instruments.oscilloscope.shown_trace import ShownTrace

_DECIBELS = 20.0  #: scale of a spectrum [dB/div]


class Operation(Choice):
    """An operation that the model has."""

    def __init__(self) -> None:
        super().__init__("ADD", "SUBTract", "MULTiply", "DIVide", "INTegrate", "DIFF", "FFT", "SQRT", "MAGNify",
                         "ABSolute", "SQUare", "LN", "LOG", "EXP", "TEN", "LINear")

    def parse(self, raw: bytes, owner: Any, key: tuple[Any, ...]) -> str:
        operation = super().parse(raw, owner, key)
        if operation not in owner.data_sheet.operations:
            raise ScpiError(-224)
        return operation


def _step_above(value: float) -> float:
    """Return the next scale of 1, 2, 5."""
    decade = 10.0 ** math.floor(math.log10(value))
    return next(step * decade for step in (1.0, 2.0, 5.0, 10.0) if step * decade >= value * (1 - 1e-9))


class MathCommands(SpectrumSettings):
    """What ``:FUNCtion`` sets, and ``:FFT`` where the model has this waveform.

    Parameters
    ----------
    scope : ScopeBase
    records : ScopeRecords
        Of the same scope.
    """

    def __init__(self, scope: ScopeBase, records: ScopeRecords) -> None:
        super().__init__(scope)
        self.records = records
        self._computed: dict[str, tuple[tuple[Any, ...], ShownTrace]] = {}

    operation = Setting(":FUNCtion<1-4>:OPERation", Operation(), default="ADD", change="_scale_anew")
    math_displayed = Setting(":FUNCtion<1-4>:DISPlay", Boolean(), default=False)
    math_source = Setting(":FUNCtion<1-4>:SOURce<1-2>", SourceName("CHAN", "FUNC"), coerce="_source_chosen",
                          default=lambda owner, number, which: f"CHAN{which}")
    math_label = Setting(":FUNCtion<1-4>:LABel", Label(), default=lambda owner, number: f"F{number}")
    linear_gain = Setting(":FUNCtion<1-4>:LINear:GAIN", Number(), default=1.0)
    linear_offset = Setting(":FUNCtion<1-4>:LINear:OFFSet", Number(), default=0.0)
    integral_offset = Setting(":FUNCtion<1-4>:INTegrate:IOFFset", Number("V"), default=0.0)
    fft_window = Setting(":FUNCtion<1-4>[:FFT]:WINDow", WINDOWS, default="HANN")
    fft_unit = Setting(":FUNCtion<1-4>[:FFT]:VTYPe", UNITS, default="DEC", change="_scale_anew")
    fft_span = Setting(":FUNCtion<1-4>[:FFT]:SPAN", Number("HZ", NARROWEST, WIDEST_OF_FUNCTIONS),
                       default=lambda owner, number: owner.nyquist())
    fft_centre = Setting(":FUNCtion<1-4>[:FFT]:CENTer", CENTRE, default=lambda owner, number: owner.nyquist() / 2)
    math_scale = Setting(":FUNCtion<1-4>:SCALe", Number(), coerce="_scale_chosen",
                         default=lambda owner, number: owner.fitting(f"FUNC{number}")[0])
    math_offset = Setting(":FUNCtion<1-4>:OFFSet", Number(), also=(":FUNCtion<1-4>:REFerence",),
                          default=lambda owner, number: owner.fitting(f"FUNC{number}")[1])

    @command(":FUNCtion:CLEar")
    def _begin_again(self) -> None:
        """``:FUNC:CLE``: averages begin anew; there are none among the operations."""

    @command(":FUNCtion<1-4>:RANGe", Number())
    def set_range(self, number: int, value: float) -> None:
        """``:FUNC:RANG``: full scale."""
        self.math_scale[number] = self._scale_chosen(number, value / self.data_sheet.divisions)

    @command(":FUNCtion<1-4>:RANGe?")
    def get_range(self, number: int) -> str:
        """``:FUNC:RANG?``."""
        return self.format_number(self.math_scale[number] * self.data_sheet.divisions)

    def _scale_chosen(self, number: int, value: float) -> float:
        if not 1e-18 <= value <= 1e18:
            raise ScpiError(-222, text="Data out of range")
        return value

    def _source_chosen(self, number: int, which: int, source: str) -> str:
        if source.startswith("FUNC"):
            if which == 2:
                raise ScpiError(-224)
            if int(source[4:]) >= number:   # of a function with a lower number only
                raise ScpiError(-221, text="Settings conflict")
        return source

    def _scale_anew(self, number: int) -> None:
        for name in ("math_scale", "math_offset"):
            self.setting_values.pop((name, (number,)), None)

    # -------------------------------------------------------------------------------------- what it amounts to

    def nyquist(self) -> float:
        """Return half the rate of the measurement record [Hz]."""
        return 0.5 / (self.records.sampling.interval * self.records.stride(None, False))

    def _wants(self, source: str) -> tuple[Any, ...]:
        """Return operation, sources, window, unit, limits [Hz] and constants of a math waveform."""
        if source == "FFT":
            centre, span = self.spectrum_centre, self.spectrum_span
            return ("FFT", self.spectrum_source, "", self.spectrum_window, self.spectrum_unit,
                    (centre - span / 2, centre + span / 2), 1.0, 0.0, 0.0)
        number = int(source[4:])
        centre, span = self.fft_centre[number], self.fft_span[number]
        return (self.operation[number], self.math_source[number, 1], self.math_source[number, 2],
                self.fft_window[number], self.fft_unit[number], (centre - span / 2, centre + span / 2),
                self.linear_gain[number], self.linear_offset[number], self.integral_offset[number])

    def _key(self, source: str) -> tuple[Any, ...]:
        wants = self._wants(source)
        inner = self._key(wants[1]) if wants[1].startswith("FUNC") else ()
        return (self.records.acquisition, self.records.segment, self.records.stopped, wants, inner)

    def trace(self, source: str) -> ShownTrace | None:
        """Return the math waveform "FUNC1", "FFT" ...; None where a channel of it was not acquired."""
        key = self._key(source)
        known = self._computed.get(source)
        if known is None or known[0] != key:
            found = self._compute(*key[3])
            if found is None:
                return None
            known = self._computed[source] = (key, found)
        return known[1]

    def _compute(
        self, operation: str, first: str, second: str, window: str, unit: str, limits: tuple[float, float],
        gain: float, constant: float, integral_offset: float,
    ) -> ShownTrace | None:
        trace = self.trace(first) if first.startswith("FUNC") else self.records.trace(int(first[4:]))
        other = self.records.trace(int(second[4:])) if operation in mathematics.ARITHMETIC else trace
        if trace is None or other is None:
            return None
        start, interval, values = trace.start, trace.interval, trace.values
        if operation in mathematics.ARITHMETIC:
            values = mathematics.ARITHMETIC[operation](values, other.values)
        elif operation in mathematics.POINTWISE:
            values = mathematics.POINTWISE[operation](values)
        elif operation == "DIFF":
            values = mathematics.derivative(values, interval)
        elif operation == "INT":
            values = mathematics.integral(values, interval, integral_offset)
        elif operation == "LIN":
            values = gain * values + constant
        else:
            values, interval = mathematics.spectrum(values, interval, window, unit == "VRMS")
            low = max(math.ceil(limits[0] / interval - 1e-6), 0)
            start, values = low * interval, values[low:math.floor(limits[1] / interval + 1e-6) + 1]
        if not len(values):
            return None
        return ShownTrace(start, interval, values, trace.reference, trace.clipped_low or other.clipped_low,
                          trace.clipped_high or other.clipped_high)

    def channels(self, source: str) -> list[int]:
        """Return the channels that a math waveform is made of."""
        if source == "FFT":
            return [int(self.spectrum_source[4:])]
        number = int(source[4:])
        operation, first, second = self.operation[number], self.math_source[number, 1], self.math_source[number, 2]
        found = self.channels(first) if first.startswith("FUNC") else [int(first[4:])]
        return found + ([int(second[4:])] if operation in mathematics.ARITHMETIC else [])

    def fitting(self, source: str) -> tuple[float, float]:
        """Return a scale and an offset with which all of the waveform is on the screen."""
        trace, wants = self.trace(source), self._wants(source)
        if wants[0] == "FFT" and wants[4] == "DEC":
            highest = 0.0 if trace is None else float(np.nanmax(trace.values))
            return _DECIBELS, _DECIBELS * (math.ceil(highest / _DECIBELS) - 3)
        highest = 0.0 if trace is None or not len(trace.filled) else float(np.max(np.abs(trace.filled)))
        return (_step_above(highest / (0.49 * self.data_sheet.divisions)) if highest > 1e-18 else 1.0), 0.0

    def screen(self, source: str) -> InputChannel:
        """Return scale and offset with which a math waveform is shown and transferred."""
        scale, offset = (self.spectrum_scale, self.spectrum_offset) if source == "FFT" else (
            self.math_scale[int(source[4:])], self.math_offset[int(source[4:])])
        sheet = self.data_sheet
        return InputChannel(0, None, scale, offset, divisions=sheet.divisions, levels=sheet.levels)

    def codes(self, source: str, trace: ShownTrace) -> Codes:
        """Return the 16-bit codes of a math waveform."""
        holes = ~np.isfinite(trace.values)
        codes = convert(self.screen(source), np.where(holes, 0.0, trace.values), 256)
        codes[holes] = HOLE
        return codes
