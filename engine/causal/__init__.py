"""The autoregressive model: as baseline and judge of diffusion, and as a writer from left to right."""
