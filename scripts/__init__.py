"""Command lines of the assignment, one package an exercise."""
