"""The drawings and screenshots of the guide."""
