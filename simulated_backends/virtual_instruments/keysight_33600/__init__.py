"""The twin of the Keysight 33500B and 33600A."""
