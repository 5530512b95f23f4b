"""What a bench does to a device, for another process: a question as JSON on standard input, the answer on the output.

``{"ask": "zones", ...}``: where the device oscillates. ``{"ask": "peaks", ...}``: the most that it sees of a plan.
"""

import json
import os
import sys

from tsbench.station.preflight.peaks import PlannedRun, simulated_peaks
from tsbench.station.preflight.preflight import zones_of_devices

if __name__ == "__main__":
    answer = os.fdopen(os.dup(sys.stdout.fileno()), "w", encoding="utf-8")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())   # what a plug-in prints must not stand in the answer
    asked = json.load(sys.stdin)
    if asked["ask"] == "zones":
        json.dump(zones_of_devices(asked["bench"], asked["resistances"], asked["devices"]), answer)
    else:
        json.dump([vars(one) for one in simulated_peaks(
            asked["bench"], asked["device"], asked["models"], [PlannedRun(**one) for one in asked["runs"]],
            asked["patience"])], answer)
    answer.flush()
