"""Telegram itself, through Telethon: pushes, differences, history and second looks."""
