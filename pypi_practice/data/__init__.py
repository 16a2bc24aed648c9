"""The facts that pages, program and tests share, each in one place."""
