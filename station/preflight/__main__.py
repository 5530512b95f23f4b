"""Where a bench oscillates, for another process: a question as JSON on standard input, zones as JSON on the output."""

import json
import sys

from tsbench.station.preflight.preflight import zones_of_devices

if __name__ == "__main__":
    asked = json.load(sys.stdin)
    json.dump(zones_of_devices(asked["bench"], asked["resistances"], asked["devices"]), sys.stdout)
