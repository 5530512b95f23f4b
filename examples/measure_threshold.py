"""Measure an I-V curve on the NbO2 bench and print its threshold voltage."""

from pathlib import Path

import tsbench
from tsbench.quantities import format_interval

bench = Path(__file__).parent / "nbo2.bench.toml"
sweep = tsbench.IVSweep.parse(stop="1.2 V", step="4 mV")
outcome = tsbench.run_protocol(bench, "D1", sweep, out="runs")
for result in outcome.results:
    if result.quantity == "threshold_voltage":
        print("threshold voltage", format_interval(result.value, result.low, result.high, "V"))
