"""What the drivers of pulse and waveform generators share, whoever made them: outputs, levels, checks of requests."""
