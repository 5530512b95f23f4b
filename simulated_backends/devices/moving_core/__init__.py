"""A metal core that grows and shrinks inside an insulating channel (Nb2O5, VO2): Pickett and Williams' model."""
