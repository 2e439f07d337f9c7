"""What a tree gives against another commit or other settings: `make diff`."""
