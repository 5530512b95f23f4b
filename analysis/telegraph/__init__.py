"""Random telegraph noise: two levels by evidence, and the mean times in them."""
