"""`python -m art2mus.data COMMAND …`: from folders of pictures and audio to pairs that can be learned from."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib import import_module

from art2mus.data.tables import DataError
from art2mus.exit_codes import exit_code
from art2mus.whole_files import FolderInUseError

# Read when torch is imported: threads that wait actively slow down everything else.
os.environ.setdefault("OMP_WAIT_POLICY", "passive")


@dataclass(frozen=True)
class Command:
    """A command: its module has `add_arguments(parser)` and `run(options)`, and is loaded when the command is given."""

    module: str
    what: str


COMMANDS: Mapping[str, Command] = {
    "artgraph": Command("art2mus.data.artgraph", "catalogue of artworks: ArtGraph, WikiArt, any folder of pictures"),
    "fma": Command("art2mus.data.fma", "catalogue of tracks: FMA, any folder of audio; finds corrupt and silent files"),
    "vary": Command("art2mus.data.vary", "more pictures of the works of a catalogue: crops, in another light"),
    "cut": Command("art2mus.data.cut", "excerpts of tracks, all of one length"),
    "perform": Command("art2mus.data.perform", "tracks that mini can learn from: windows of scores, performed"),
    "embed": Command("art2mus.data.embed", "embeddings of a catalogue"),
    "pair": Command("art2mus.data.pair", "pairs of artworks and tracks that are alike"),
    "describe": Command("art2mus.data.describe", "descriptions of artworks by a language model"),
    "import-pairs": Command("art2mus.data.import_pairs", "the published pairs, as far as their files are here"),
    "statistics": Command("art2mus.data.statistics", "how alike the pairs are: the paper's Table 1, and a histogram"),
    "split": Command("art2mus.data.pair_split", "training, validation and test, by style"),
    "score-pairs": Command("art2mus.data.score_pairs", "pairs with performed windows, for training mini's projection"),
}


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command.

    Returns: Its exit code; 2 if something is wrong with what was given, 130 when interrupted.
    """
    words = sys.argv[1:] if arguments is None else list(arguments)
    parser = argparse.ArgumentParser(prog="python -m art2mus.data", description=(__doc__ or "").splitlines()[0])
    subparsers = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for name, command in COMMANDS.items():
        subparser = subparsers.add_parser(name, help=command.what)
        if name in words[:1]:
            module = import_module(command.module)
            subparser.description = (module.__doc__ or "").splitlines()[0]
            module.add_arguments(subparser)
    options = parser.parse_args(words)
    return exit_code(lambda: int(module.run(options)), DataError, FolderInUseError)


if __name__ == "__main__":
    sys.exit(main())
