"""One part of the window a file; none knows another."""
