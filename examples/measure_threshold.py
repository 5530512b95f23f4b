"""Measure an I-V curve on the NbO2 bench and print its results. Start it in the folder that contains examples/."""

import tsbench
from tsbench.quantities import format_interval

sweep = tsbench.IVSweep.parse(stop="1.2 V", step="4 mV")
outcome = tsbench.run_protocol("examples/nbo2.bench.toml", "D1", sweep, out="runs")
for result in outcome.results:
    print(result.quantity, format_interval(result.value, result.low, result.high, result.unit))
