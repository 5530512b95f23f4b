"""Neurons and circuits as netlists, each with its source and the stimulus that shows what it does."""
