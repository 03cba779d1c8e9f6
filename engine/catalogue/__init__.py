"""Models as they are told by names and by their files, before anything is loaded. Imports no torch."""
