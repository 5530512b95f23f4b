"""What the drivers of source meters share, whoever made them: what a run file keeps of the set-up and the accuracy."""
