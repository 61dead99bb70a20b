"""One fact a test; truth is made, not recorded."""
