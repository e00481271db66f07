"""The one place where media, colour and matting meet: `plan` a job, then `run` the plan."""
