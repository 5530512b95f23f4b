"""The measurements of an InfiniiVision oscilloscope: the header of each, and its name on the screen."""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial

from tsbench.simulated_backends.virtual_instruments.oscilloscope import measurements
from tsbench.simulated_backends.virtual_instruments.oscilloscope.shown_trace import ShownTrace

#: of one waveform: header -> (name on the screen, measurement)
ALONE: Mapping[str, tuple[str, measurements.Measurement]] = {
    "BITRate": ("Bit Rate", measurements.bit_rate),
    "BWIDth": ("Burst Width", measurements.burst_width),
    "COUNter": ("Counter", measurements.counted_frequency),
    "DUTYcycle": ("Duty", measurements.duty_cycle),
    "FALLtime": ("Fall", partial(measurements.transition, rising=False)),
    "FREQuency": ("Freq", measurements.frequency),
    "NDUTy": ("-Duty", partial(measurements.duty_cycle, positive=False)),
    "NEDGes": ("Falling edges", partial(measurements.edge_count, rising=False)),
    "NPULses": ("-Pulses", partial(measurements.pulse_count, positive=False)),
    "NWIDth": ("-Width", partial(measurements.width, positive=False)),
    "OVERshoot": ("Over", measurements.overshoot),
    "PEDGes": ("Rising edges", partial(measurements.edge_count, rising=True)),
    "PERiod": ("Period", measurements.period),
    "PPULses": ("+Pulses", partial(measurements.pulse_count, positive=True)),
    "PREShoot": ("Pre", measurements.preshoot),
    "PWIDth": ("+Width", measurements.width),
    "RISetime": ("Rise", measurements.transition),
    "SDEViation": ("Std Dev", partial(measurements.rms, ac=True)),
    "VAMPlitude": ("Ampl", measurements.amplitude),
    "VBASe": ("Base", measurements.base),
    "VMAX": ("Max", measurements.maximum),
    "VMIN": ("Min", measurements.minimum),
    "VPP": ("Pk-Pk", measurements.peak_to_peak),
    "VTOP": ("Top", measurements.top),
    "XMAX": ("X at Max Y", measurements.time_of_maximum),
    "XMIN": ("X at Min Y", measurements.time_of_minimum),
}
#: of one waveform, over the display or over whole cycles: header -> (name, measurement)
INTERVAL: Mapping[str, tuple[str, Callable[..., float]]] = {
    "AREa": ("Area", measurements.area),
    "VAVerage": ("Avg", measurements.average),
    "VRMS": ("RMS", measurements.rms),
}
#: of two waveforms: header -> (name, measurement)
PAIRED: Mapping[str, tuple[str, Callable[[ShownTrace, ShownTrace], float]]] = {
    "DELay": ("Delay", measurements.nearest_delay),
    "PHASe": ("Phase", measurements.phase),
}
#: what a spectrum has: everything else needs a course in time
OF_SPECTRUM = frozenset({"VMAX", "VMIN", "VPP", "VAVerage", "XMAX", "XMIN"})


@dataclass
class Installed:
    """A measurement on the screen, with its statistics."""

    name: str  #: as the result list has it: "Freq(1)"
    header: str
    sources: tuple[str, ...]
    measure: Callable[..., float]
    values: list[float] = field(default_factory=list)  #: of each acquisition, as far as it could be measured
    current: float = math.nan

    def take(self, value: float) -> None:
        """Take the value of one acquisition."""
        self.current = value
        if math.isfinite(value):
            self.values.append(value)
