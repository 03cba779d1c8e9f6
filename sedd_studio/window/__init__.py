"""The main window, its commands and menus, what is opened and saved, and the program's start."""
