"""How the window looks: theme and icons, tokens laid out and drawn, pictures of other sequences, a run as film."""
