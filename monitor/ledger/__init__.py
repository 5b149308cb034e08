"""The arithmetic of the ledger: exact bytes, tree, checkpoints, and what a new look adds. Pure."""
