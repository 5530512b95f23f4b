"""What all compiled code stands on: compilation, linear algebra, random paths, seeds."""
