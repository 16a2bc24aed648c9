"""Plans the build of one event: stages, jobs, and which deploys run and why."""
