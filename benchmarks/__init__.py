"""Evidence that takes longer than a test: runnable modules that print figure, bar and verdict."""
