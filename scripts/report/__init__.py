"""From results to the finished document: collect, render, verify."""
