"""A silver filament in an oxide (diffusive memristor): compact, stochastic, one set of parameters for everything."""
