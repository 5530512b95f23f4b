"""Resistances of a half-sweep: off and on state, slopes, and the resistance in series with the device."""
