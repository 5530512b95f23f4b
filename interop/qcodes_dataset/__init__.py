"""QCoDeS (``pip install "tsbench[qcodes]"``): a protocol on a bench as an instrument, and runs as datasets."""
