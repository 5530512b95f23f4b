"""What draws with colours of its own, beside the style sheet, and follows when another theme is chosen."""


class Recoloured:
    """A widget that :func:`~tsbench.gui.palette.apply_palette` asks to take the colours of the theme again."""

    def recolour(self) -> None:
        """Take the present colours."""
        raise NotImplementedError
