"""Twenty dies of a wafer through a prober: contact, one reading of each device, separation, without an operator."""

import sys

from tsbench.instruments import MeasureSettings, SourceSettings
from tsbench.station.bench.bench import Bench

LEVEL = 0.2  # [V], below the threshold


def main(path: str) -> None:
    """Print one line for each device of the table."""
    with Bench.open(path) as bench:
        drive = bench.source_meter("drive")
        drive.configure_source(SourceSettings("voltage", compliance_current=1e-3, range=2.0))
        drive.configure_measure(MeasureSettings("current", range=None, nplc=0.1))
        for device in bench.positioner.devices():
            bench.positioner.connect(device)
            assert bench.positioner.connected() == device
            drive.set_level(LEVEL)
            drive.set_output(True)
            reading = drive.measure()
            drive.set_output(False)
            drive.set_level(0.0)
            print(f"{device} {LEVEL / reading.current:.4g} Ohm", flush=True)


if __name__ == "__main__":
    main(sys.argv[1])
