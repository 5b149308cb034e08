"""What is measured, beside what it is measured against: `make bench`."""
