"""A person's verdict on a match."""

VERDICTS = ("unverified", "corroborated", "disputed", "false", "miscaptioned", "manipulated", "irrelevant")
ASPECTS = ("truth", "authenticity", "place", "date")
STANDING = "not independently verified"
"""What is said beside every claim until a reviewer files a verdict."""
