"""How instruments are spoken to: SCPI, its errors and replies, and what may be asked again."""
