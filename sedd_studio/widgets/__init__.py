"""What the window is made of; one widget a file."""
