"""What every exercise's scripts share; it imports no exercise and nothing of the build."""
