"""Conductance of a device from readings at voltages that do not switch it."""
