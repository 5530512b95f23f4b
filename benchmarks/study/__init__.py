"""A study of one material as a paper prints it, on the simulated bench, with the truth beside each number."""
