"""Runnable evidence: each module prints a table of figure, bar and verdict, and exits 1 where a bar falls short."""
