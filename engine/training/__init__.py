"""From texts to a trained network: blocks of tokens, what is minimised, the loop, its optimiser, several processes."""
