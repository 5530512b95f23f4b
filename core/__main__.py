"""``python -m tsbench``."""

import sys

from tsbench.cli import main

if __name__ == "__main__":
    sys.exit(main())
