"""The listening study's window: welcome, consent, one artwork after another, thanks."""
