"""The guard: the one place that every set-point passes between a protocol and a driver.

A guarded instrument satisfies the same capability as the driver it wraps. Before a message is sent it checks
the request against the model's capabilities and, through the wiring, against the limits of the device, alone
and together with what else is on. Making safe, aborting and switching off always pass.
"""

from tsbench.instruments.guard.generator import GuardedPulseGenerator
from tsbench.instruments.guard.oscilloscope import GuardedOscilloscope
from tsbench.instruments.guard.source_meter import GuardedSourceMeter

#: by the kind of instrument, as drivers declare it
GUARDS = {
    "source meter": GuardedSourceMeter,
    "pulse generator": GuardedPulseGenerator,
    "oscilloscope": GuardedOscilloscope,
}
