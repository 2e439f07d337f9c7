"""Exercise 4.1: the finite GAN with the zero-one loss."""
