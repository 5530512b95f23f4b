"""What a bench does to a device, for another process: a question as JSON on standard input, the answer on the output.

``{"ask": "zones", ...}``: where the device oscillates. ``{"ask": "peaks", ...}``: the most that it sees of a plan.
"""

import json
import os
import sys
import threading
import time

from tsbench.station.preflight.peaks import PlannedRun, simulated_peaks
from tsbench.station.preflight.preflight import zones_of_devices

_EACH = 0.5  #: [s] between two looks at the process that asks


def end_with(asking: int) -> None:
    """End this process when the one that asks has ended: a killed command must leave no simulation behind.

    Windows does not give the children of an ended process to another one; there the simulation goes on to its end.

    Parameters
    ----------
    asking : its number, which has started this process
    """
    if os.name == "nt":
        return

    def watch() -> None:
        while os.getppid() == asking:
            time.sleep(_EACH)
        os._exit(1)

    threading.Thread(target=watch, name="asking process", daemon=True).start()


if __name__ == "__main__":
    answer = os.fdopen(os.dup(sys.stdout.fileno()), "w", encoding="utf-8")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())   # what a plug-in prints must not stand in the answer
    asked = json.load(sys.stdin)
    end_with(asked["asking"])
    if asked["ask"] == "zones":
        json.dump(zones_of_devices(asked["bench"], asked["resistances"], asked["devices"]), answer)
    else:
        json.dump([vars(one) for one in simulated_peaks(
            asked["bench"], asked["device"], asked["models"], [PlannedRun(**one) for one in asked["runs"]],
            asked["patience"])], answer)
    answer.flush()
