"""Exercise 4.3: densities pushed through a map of one variable (UDL problems 16.1 and 16.2)."""
