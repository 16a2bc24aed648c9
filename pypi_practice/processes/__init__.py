"""Finds programs, answers Ctrl-C, and keeps work on hostile input in processes of its own."""
