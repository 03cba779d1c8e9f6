"""Programs that are run by hand: set-up, pictures, the results page."""
