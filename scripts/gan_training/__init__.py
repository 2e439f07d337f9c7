"""Exercise 4.6 and the bonus: training a GAN on a one-dimensional Gaussian."""
