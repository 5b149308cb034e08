"""The public web page of a channel (https://t.me/s/NAME), read without an account."""
