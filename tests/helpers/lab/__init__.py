"""A lab of its own: fakes of the real services, in a network that leads nowhere else."""
