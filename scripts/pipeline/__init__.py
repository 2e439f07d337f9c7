"""The build itself: configuration, rule contract, start-up comparison, job wrapper, run cache."""
