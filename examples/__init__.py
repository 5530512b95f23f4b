"""Benches, worlds, netlists and scripts that ship with tsbench."""
