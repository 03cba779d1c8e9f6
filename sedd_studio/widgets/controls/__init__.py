"""What panels are made of: labels, buttons, fields, lists, curves."""
