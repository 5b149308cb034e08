"""What leaves the house as proof: packages that a stranger checks without anything of ours."""
