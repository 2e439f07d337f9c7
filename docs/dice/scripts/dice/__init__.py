"""4.7 The sum of two dice."""
