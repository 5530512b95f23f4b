"""How messages travel: VISA, its resource names and errors."""
