"""The main job in one go, on the built-in simulated benches: I-V sweep, pulses, oscillation, refractory period.

This is one of the few folders that put the truth beside a measurement: the measurement comes from the run files, the
truth from the witness file that the simulated bench wrote on its own.
"""

from tsbench.demo.outcome import DemoOutcome, DemoRow
from tsbench.demo.parts import AG_SIO2, NBO2, PARTS, Claim, Part
from tsbench.demo.running import lay_bench, run_demo

__all__ = ["AG_SIO2", "NBO2", "PARTS", "Claim", "DemoOutcome", "DemoRow", "Part", "lay_bench", "run_demo"]
