"""How a time depends on a level: lines through logarithms."""
