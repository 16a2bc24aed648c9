"""What a build would do for one event: stages, jobs, deploys, and why not."""
