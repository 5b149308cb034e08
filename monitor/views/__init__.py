"""What is a reader shown? Gathered from the store as frozen values, the same for the command line and the pages."""
