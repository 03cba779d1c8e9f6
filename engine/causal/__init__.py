"""The causal model, an autoregressive one: it writes from left to right, and is a baseline and a judge of diffusion."""
