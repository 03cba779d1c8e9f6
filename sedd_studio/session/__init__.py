"""The observable state of the studio: objects that widgets read, call and listen to, and that know no widget."""
