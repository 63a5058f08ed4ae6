"""Small recordings by several writers, the same ones on every run."""
