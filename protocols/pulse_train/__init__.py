"""Pulse train."""
