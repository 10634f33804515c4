"""A command that is interrupted at once."""

import argparse


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Takes nothing."""


def run(options: argparse.Namespace) -> int:
    raise KeyboardInterrupt
