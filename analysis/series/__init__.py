"""Quantities over a series of conditions: straight lines with intervals, and the activation energy."""
