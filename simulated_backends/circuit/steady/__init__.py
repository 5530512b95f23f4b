"""Steady states: converged and driven cycles that can be skipped."""
