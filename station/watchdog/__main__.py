"""``python -m tsbench.station.watchdog``."""

import sys

from tsbench.station.watchdog.watchdog import main

if __name__ == "__main__":
    sys.exit(main())
