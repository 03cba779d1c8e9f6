"""What is timed and measured; README.md has the figures."""
