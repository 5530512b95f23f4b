"""I-V sweep."""
