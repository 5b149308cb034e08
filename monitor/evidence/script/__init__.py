"""The script that is in every package, in parts: `evidence/joining.py` makes one file of them."""
