"""Virtual instruments: the shared code of each kind, and one folder for each model or family of models."""
