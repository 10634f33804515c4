"""`python -m art2mus.models list | download | verify | memory`: which models there are, and where they lie."""

from __future__ import annotations

import argparse
import dataclasses
import sys
from pathlib import Path

from art2mus.arguments import at_least_1
from art2mus.choices import CONDITIONINGS, VIEWS
from art2mus.exit_codes import FAILED
from art2mus.models import (
    BUNDLED_PROJECTIONS,
    MODELS,
    ModelMissingError,
    damage_named,
    existing_folder,
    is_audioldm2,
    locate,
    locate_imagebind,
    models_folder,
    read_assembly,
)
from art2mus.models.assembly import ASSEMBLY, Assembly, published_name, put_together
from art2mus.models.hub import LOCK, DownloadError, Lock, download, verify

PROJECTION_NEEDED = """\
{name} needs its projection, a small file that its authors publish; we know of no address for it that stays
  ask for {file} at https://github.com/justivanr/art2mus_, then add --projection FILE"""
NUM_TOKENS = {"art2mus": 1, "art2mus-4": 4}
"""That the projection makes of a picture."""


class CommandError(Exception):
    """The command cannot be carried out; the message is for the user."""


def main(arguments: list[str] | None = None) -> int:
    """Run the command.

    Returns: Exit code: 0; 2 if something is wrong with what was given or found; 130 when interrupted.
    """
    options = _parser().parse_args(arguments)
    try:
        return int(options.run(options))
    except KeyboardInterrupt:
        print("interrupted; what was fetched is kept, run the command again to go on", file=sys.stderr)
        return 130
    except (CommandError, DownloadError, ModelMissingError) as error:
        print(f"art2mus: {error}", file=sys.stderr)
    except OSError as error:  # no right to write, no room, a file where a folder should be
        reason = f"{error.filename}: {error.strerror}" if error.filename else error
        print(f"art2mus: {reason}", file=sys.stderr)
    return FAILED


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m art2mus.models",
        description=f"Models, and where they lie: {models_folder()} (ART2MUS_HOME names another place).",
    )
    commands = parser.add_subparsers(required=True, metavar="list | download | verify | memory")
    listing = commands.add_parser("list", help="what there is, its licence and size, and what of it is here")
    listing.set_defaults(run=_list)
    fetching = commands.add_parser("download", help="fetch a model and what it needs; goes on where it was interrupted")
    fetching.set_defaults(run=_download)
    fetching.add_argument("name", choices=[name for name in MODELS if name not in BUNDLED_PROJECTIONS], metavar="NAME")
    fetching.add_argument("--projection", type=Path, metavar="FILE", help="of art2mus or art2mus-4, as published")
    fetching.add_argument("--imagebind", metavar="FILE", help="imagebind_huge.pth, if it is here already")
    fetching.add_argument("--audioldm2", metavar="FOLDER", help="AudioLDM 2 (a folder or a name; default: audioldm2)")
    fetching.add_argument(
        "--conditioning", choices=CONDITIONINGS, help="how the projection was trained (default: reference)"
    )
    fetching.add_argument("--view", choices=VIEWS, help="how much is seen of a wide picture (default: crop)")
    checking = commands.add_parser("verify", help="compare every file with the hash it was published with")
    checking.set_defaults(run=_verify)
    checking.add_argument("name", metavar="NAME", help="of a model, or its folder")
    stating = commands.add_parser("memory", help="what a model needs of it, by component, before it is loaded")
    stating.set_defaults(run=_state_memory)
    stating.add_argument("name", metavar="NAME", help="of a model, or its folder")
    stating.add_argument("--candidates", type=at_least_1, default=1, metavar="N", help="clips at once (default: 1)")
    return parser


def _list(_: argparse.Namespace) -> int:
    for name, model in MODELS.items():
        size = f"about {model.gigabytes:g} GB" + "".join(f" + {part}" for part in model.needs)
        print(f"{name}: {model.description}")
        print(f"    {model.licence}; {size}")
        print(f"    {_whereabouts(name)}")
    return 0


def _whereabouts(name: str) -> str:
    try:
        return str(locate_imagebind() if name == "imagebind" else locate(name))
    except ModelMissingError:
        partly = " (a part of it is here)" if (models_folder() / name).is_dir() else ""
        return f"not here{partly}: python -m art2mus.models download {name}"


def _state_memory(options: argparse.Namespace) -> int:
    import psutil

    from art2mus.models.weights import count_weights
    from art2mus.residency import BFLOAT16, CPU, FLOAT32, divide, gigabytes, is_small_model, needs_of

    weights = count_weights(options.name)
    columns = [needs_of(weights, dtype, options.candidates) for dtype in (FLOAT32, BFLOAT16)]
    rows = {name: [column[name] for column in columns] for name in columns[0]}
    rows["in all"] = [sum(column.values()) for column in columns]
    divided = [divide(column, CPU, is_small=is_small_model(weights)) for column in columns]
    if divided[0][1]:
        rows["on a processor, in memory"] = [sum(in_memory.values()) for in_memory, _ in divided]
        rows["on a processor, on disk"] = [sum(on_disk.values()) for _, on_disk in divided]
    width = max(map(len, rows))
    print(f"{'':{width}}{FLOAT32:>12}{BFLOAT16:>12}")
    for name, sizes in rows.items():
        print(f"{name:{width}}" + "".join(f"{size / 1e9:9.3f} GB" for size in sizes))
    print(f"{gigabytes(psutil.virtual_memory().available)} of this machine's memory are free")
    return 0


def _download(options: argparse.Namespace) -> int:
    model = MODELS[options.name]
    if model.source is not None:
        download(model.source, models_folder() / options.name)
    else:
        _assemble(options)
    print(f"{options.name} is in {_whereabouts(options.name)}")
    return 0


def _assemble(options: argparse.Namespace) -> None:
    folder = models_folder() / options.name
    known = read_assembly(options.name, folder) if (folder / ASSEMBLY).is_file() else None
    if options.projection is None and known is None:
        raise CommandError(PROJECTION_NEEDED.format(name=options.name, file=published_name(NUM_TOKENS[options.name])))
    if options.projection is not None:
        _check_projection(options.name, options.projection)
    base = _fetched(options.audioldm2 or (known.base if known else "audioldm2"))
    image_encoder = _fetched(options.imagebind or (known.image_encoder if known else "imagebind"))
    with damage_named(base):
        if not is_audioldm2(locate(base)):
            raise CommandError(f"{base}: is not AudioLDM 2 as the hub keeps it; name its folder with --audioldm2")
    locate_imagebind(image_encoder)
    conditioning = options.conditioning or (known.conditioning if known else "reference")
    view = options.view or (known.view if known else None)
    if known is None or options.projection is not None:
        put_together(folder, base, image_encoder, options.projection, conditioning, view)
    else:
        parts = dataclasses.replace(known, base=base, image_encoder=image_encoder, conditioning=conditioning, view=view)
        parts.write(folder)


def _fetched(part: str) -> str:
    """Fetch a part that has a name; of what lies elsewhere, give the place."""
    source = MODELS[part].source if part in MODELS else None
    if source is None:
        return str(Path(part).expanduser().absolute())
    download(source, models_folder() / part)
    return part


def _check_projection(name: str, path: Path) -> None:
    from art2mus.checkpoints import CheckpointError
    from art2mus.projection import ImageProjection

    try:
        num_tokens = ImageProjection.from_file(path).config.num_tokens
    except CheckpointError as error:
        raise CommandError(error) from error
    if num_tokens != NUM_TOKENS[name]:
        tokens = "1 token" if num_tokens == 1 else f"{num_tokens} tokens"
        raise CommandError(f"{path}: makes {tokens} of a picture, but {name} has {NUM_TOKENS[name]}")


def _verify(options: argparse.Namespace) -> int:
    folder = models_folder() / options.name if options.name in MODELS else existing_folder(options.name)
    if options.name in BUNDLED_PROJECTIONS:
        print(f"{options.name} came with this installation; {locate(options.name)}")
        return 0
    if (folder / ASSEMBLY).is_file():
        return _verify_assembly(options.name, read_assembly(options.name, folder))
    if not (folder / LOCK).is_file():
        raise CommandError(f"{options.name}: there is nothing in {folder} that was downloaded")
    lock, all_good = Lock.read(folder), True
    print(f"{lock.repository} at {lock.revision}")
    for name, is_good in verify(folder):
        print(f"{'ok     ' if is_good else 'DAMAGED'} {name}")
        all_good &= is_good
    if not all_good:
        raise CommandError(f"{options.name}: damaged; remove those files, then 'download {options.name}' fetches them")
    return 0


def _verify_assembly(name: str, parts: Assembly) -> int:
    print(f"{'ok     ' if parts.is_intact else 'DAMAGED'} {parts.projection}")
    for part in (parts.base, parts.image_encoder):
        if part in MODELS:
            _verify(argparse.Namespace(name=part))
        else:
            print(f"        {part}: not downloaded by us, so its hashes are not known")
    if not parts.is_intact:
        raise CommandError(f"{name}: its projection is damaged; give it again: download {name} --projection FILE")
    return 0


if __name__ == "__main__":
    sys.exit(main())
