"""The imperfections of all virtual instruments: their numbers, the sources, and the tests that measure them."""
