"""Train, measure and export models: videmo's own, or one of your own pictures (the extra `train`)."""
