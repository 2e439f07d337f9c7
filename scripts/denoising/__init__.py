"""Exercise 4.2: a diffusion model trained on finitely many images, noise levels and noises."""
