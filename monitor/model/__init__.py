"""The words of the domain: frozen values, and nothing that does I/O."""
