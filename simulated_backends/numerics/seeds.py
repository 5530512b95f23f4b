"""Seeds by name: other keys give another stream of random numbers, whatever else draws."""

import hashlib


def seed_of(*keys: int | str) -> int:
    """Return the seed that belongs to ``keys``: a whole number below 2^48, the same on every machine."""
    return int.from_bytes(hashlib.sha256(repr(keys).encode()).digest()[:6], "big")
