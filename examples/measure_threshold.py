"""Measure an I-V curve on the NbO2 bench and print its threshold voltage."""

from pathlib import Path

from tsbench.protocols import IVSweep
from tsbench.quantities import format_quantity
from tsbench.station.runner import run_protocol

bench = Path(__file__).parent / "nbo2.bench.toml"
outcome = run_protocol(bench, "D1", IVSweep.parse(stop="1.2 V", step="4 mV"), out="runs")
for result in outcome.results:
    if result.quantity == "threshold_voltage":
        low, high = (format_quantity(bound, "V", digits=5) for bound in (result.low, result.high))
        print(f"threshold voltage {format_quantity(result.value, 'V', digits=5)}, 95 % interval {low} to {high}")
