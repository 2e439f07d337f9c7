"""The sum of two dice."""
