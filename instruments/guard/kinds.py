"""The guard of each kind of instrument (see :mod:`tsbench.instruments.guard`)."""

from tsbench.instruments.guard.generator import GuardedPulseGenerator
from tsbench.instruments.guard.oscilloscope import GuardedOscilloscope
from tsbench.instruments.guard.pulse_measure import GuardedPulseMeasure
from tsbench.instruments.guard.source_meter import GuardedSourceMeter

#: the guard by the kind of instrument: of the keys of :data:`tsbench.instruments.driver.KINDS` those with
#: something to check for the device
GUARDS = {
    "source meter": GuardedSourceMeter,
    "pulse generator": GuardedPulseGenerator,
    "pulse measure unit": GuardedPulseMeasure,
    "oscilloscope": GuardedOscilloscope,
}
