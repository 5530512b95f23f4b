"""What the drivers of oscilloscopes of several makers share: what they remember and what they report."""
