"""The pages: what reporters and reviewers read and file in a browser, in a process of its own."""
