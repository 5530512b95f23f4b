"""What the drivers of source meters share, whoever made them: names and units, readings, what a run file keeps."""
