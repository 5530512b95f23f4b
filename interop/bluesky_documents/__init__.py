"""A run as the event documents of Bluesky, which databroker, tiled and other readers of documents take."""
