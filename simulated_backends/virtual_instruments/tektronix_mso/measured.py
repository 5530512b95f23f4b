"""The measurements of the Tektronix oscilloscopes by name: of one record, of two records, and those without value.

Source: ``MEASUrement:IMMed:TYPe`` (DPO) and ``MEASUrement:MEAS<x>:TYPe`` (MSO) of the programmer's guides. Those of
eyes, jitter, histograms and power can be set; their value is "not a number".
"""

from collections.abc import Callable, Mapping
from functools import partial

from tsbench.simulated_backends.scpi.parameters import long_and_short
from tsbench.simulated_backends.virtual_instruments.oscilloscope import measurements
from tsbench.simulated_backends.virtual_instruments.oscilloscope.shown_trace import ShownTrace

Alone = Callable[[ShownTrace], float]


def _positive_overshoot(trace: ShownTrace) -> float:
    """Return how far the record goes above the top [% of the amplitude]."""
    return 100.0 * (measurements.maximum(trace) - measurements.top(trace)) / measurements.amplitude(trace)


def _negative_overshoot(trace: ShownTrace) -> float:
    """Return how far the record goes below the base [% of the amplitude]."""
    return 100.0 * (measurements.base(trace) - measurements.minimum(trace)) / measurements.amplitude(trace)


_SHARED: Mapping[str, tuple[str, Alone]] = {
    "amplitude": ("V", measurements.amplitude), "area": ("Vs", measurements.area), "high": ("V", measurements.top),
    "low": ("V", measurements.base), "burst": ("s", measurements.burst_width),
    "cycle area": ("Vs", partial(measurements.area, cycles=True)),
    "cycle mean": ("V", partial(measurements.average, cycles=True)),
    "cycle rms": ("V", partial(measurements.rms, cycles=True)), "ac rms": ("V", partial(measurements.rms, ac=True)),
    "fall": ("s", partial(measurements.transition, rising=False)), "rise": ("s", measurements.transition),
    "frequency": ("Hz", measurements.frequency), "period": ("s", measurements.period),
    "maximum": ("V", measurements.maximum), "minimum": ("V", measurements.minimum),
    "peak to peak": ("V", measurements.peak_to_peak), "mean": ("V", measurements.average),
    "rms": ("V", measurements.rms),
    "positive width": ("s", measurements.width), "negative width": ("s", partial(measurements.width, positive=False)),
    "positive duty": ("%", measurements.duty_cycle),
    "negative duty": ("%", partial(measurements.duty_cycle, positive=False)),
    "positive overshoot": ("%", _positive_overshoot), "negative overshoot": ("%", _negative_overshoot),
    "none": ("", lambda trace: float("nan")),
}
#: word of the DPO's TYPe -> name above
DPO_TYPES: Mapping[str, str] = {
    "ACRMS": "ac rms", "AMPlitude": "amplitude", "AREa": "area", "BURst": "burst", "CARea": "cycle area",
    "CMEan": "cycle mean", "CRMs": "cycle rms", "FALL": "fall", "FREQuency": "frequency", "HIGH": "high", "LOW": "low",
    "MAXimum": "maximum", "MEAN": "mean", "MINImum": "minimum", "NDUty": "negative duty",
    "NOVershoot": "negative overshoot", "NWIdth": "negative width", "PDUty": "positive duty", "PERIod": "period",
    "PK2Pk": "peak to peak", "POVershoot": "positive overshoot", "PWIdth": "positive width", "RISe": "rise",
    "RMS": "rms", "STDdev": "ac rms",
    **dict.fromkeys((
        "DISTDUty", "EXTINCTDB", "EXTINCTPCT", "EXTINCTRATIO", "EYEHeight", "EYEWIdth", "HITs", "MEDian", "NCROss",
        "PBASe", "PCROss", "PCTCROss", "PEAKHits", "PKPKJitter", "PKPKNoise", "PTOP", "QFACtor", "RMSJitter",
        "RMSNoise", "SIGMA1", "SIGMA2", "SIGMA3", "SIXSigmajit", "SNRatio", "UNDEFINED", "WAVEFORMS"), "none"),
}
#: word of the MSO's TYPe -> name above
MSO_TYPES: Mapping[str, str] = {
    "ACRMS": "ac rms", "AMPLITUDE": "amplitude", "AREA": "area", "BASE": "low", "BURSTWIDTH": "burst",
    "FALLTIME": "fall", "FREQUENCY": "frequency", "MAXIMUM": "maximum", "MEAN": "mean", "MINIMUM": "minimum",
    "NDUTY": "negative duty", "NOVERSHOOT": "negative overshoot", "NWIDTH": "negative width", "PDUTY": "positive duty",
    "PERIOD": "period", "PK2Pk": "peak to peak", "POVERSHOOT": "positive overshoot", "PWIDTH": "positive width",
    "RISETIME": "rise", "RMS": "rms", "TOP": "high",
    **dict.fromkeys((
        "COMMONMODE", "DATARATE", "EYEHIGH", "EYELOW", "FALLSLEWRATE", "HIGHTIME", "HOLD", "LOWTIME", "PHASENOISE",
        "RISESLEWRATE", "SETUP", "SKEW", "TIE", "UNITINTERVAL"), "none"),
}
#: of two records: word -> (unit, measurement)
PAIRED: Mapping[str, tuple[str, Callable[[ShownTrace, ShownTrace], float]]] = {
    "DELay": ("s", measurements.nearest_delay), "PHAse": ("°", measurements.phase),
    "DELAY": ("s", measurements.nearest_delay), "PHASE": ("°", measurements.phase),
}


def short(word: str) -> str:
    """Return the short form of a word."""
    return long_and_short(word)[1]


def alone(name: str) -> tuple[str, Alone]:
    """Return (unit, measurement) of a name."""
    return _SHARED[name]
