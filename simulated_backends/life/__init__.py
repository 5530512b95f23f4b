"""The life of a device: cycles, fluctuations, history, wafers."""
