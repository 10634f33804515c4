"""A listening study: which of two models' music suits an artwork better, asked of people."""
