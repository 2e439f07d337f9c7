"""Exercise 4.4: Banach's fixed-point theorem, and UDL problem 16.11 as published."""
