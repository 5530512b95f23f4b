"""Do the intervals of the extracted numbers contain the true values? On the demo, and on a population of devices."""
