"""Exercise 4.5: the noising step of a diffusion model (UDL problems 18.1 and 18.2)."""
