"""The catalogue of the results of many thousands of run files, and questions to it (``tsbench.archive``)."""
