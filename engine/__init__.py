"""Score-entropy discrete diffusion: the engine under SEDD Studio (Lou, Meng, Ermon, arXiv 2310.16834)."""
