"""The witness: what each device really saw."""
