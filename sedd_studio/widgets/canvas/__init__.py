"""The canvas: the text as it stands at the playhead, and what mouse and keyboard do on it."""
