"""Oscillation window."""

from tsbench.protocols.oscillation_window.protocol import OscillationWindow

PROTOCOL = OscillationWindow
