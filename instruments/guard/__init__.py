"""Limits of device and instrument, checked before a message is sent."""
