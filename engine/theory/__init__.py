"""Score-entropy discrete diffusion itself: schedules, graphs, the network, and a model of sequences made of them."""
