"""Pieces that several widgets share: icons, the style sheet, how tokens are laid out and drawn, small controls."""
