"""A window of PyMeasure for a protocol on a device: ``python examples/pymeasure_window.py BENCH DEVICE PROTOCOL``."""

import sys

from pymeasure.display.Qt import QtWidgets

from tsbench.interop.pymeasure_procedure.procedure import managed_window, procedure_class


def main(bench: str = "examples/nbo2.bench.toml", device: str = "D1", protocol: str = "iv_sweep") -> int:
    """Show the window until it is closed."""
    application = QtWidgets.QApplication([])
    window = managed_window(procedure_class(bench, device, protocol))
    window.show()
    return int(application.exec())


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:4]))
