"""Other programs measure with tsbench or read its runs: MCP clients, PyMeasure, QCoDeS, Bluesky, NOMAD."""
