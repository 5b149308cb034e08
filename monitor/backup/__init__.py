"""What is a backup, how is it made so that half of one never looks whole, and how is it put back?"""
