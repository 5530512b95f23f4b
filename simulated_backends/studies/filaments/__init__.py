"""Studies of silver filaments by themselves, without a circuit."""
