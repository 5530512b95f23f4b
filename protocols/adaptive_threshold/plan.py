"""The plan is that of every search by single pulses."""

from tsbench.protocols.adapting.plan import plan_search

__all__ = ["plan_search"]
