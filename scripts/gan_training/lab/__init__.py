"""The learning-rate laboratory of 4.6: grids of trained GANs, chains of SGD, networks."""
