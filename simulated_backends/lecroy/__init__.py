"""The language of LeCroy oscilloscopes and of those that copied it: short headers, replies with or without headers."""
