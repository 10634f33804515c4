"""`python -m tests.art2mus.tiny_models FOLDER`: what the published recipe needs, tiny and with random weights.

For `scripts/paper-small`: ImageBind, Art2Mus with one and with four tokens, CLAP, AST and a captioner, each saved as
the published one is.
"""

import argparse
from pathlib import Path

from art2mus.whole_files import whole_folder
from tests.art2mus import tiny, tiny_llava


def save_all(folder: Path) -> None:
    """Save every model into a folder of its own."""
    encoder = tiny.imagebind()
    encoder.save_pretrained(folder / "imagebind")
    tiny.imagebind_text().save_pretrained(folder / "imagebind" / "text")
    tiny.save_clip_tokenizer(folder / "clip-tokenizer")
    for name, num_tokens in (("art2mus", 1), ("art2mus-4", 4)):
        tiny.pipeline(tiny.mel_codec(), num_tokens=num_tokens, image_encoder=encoder).save_pretrained(folder / name)
    tiny.save_clap(folder / "clap")
    tiny.save_sound_classifier(folder / "ast")
    for part in (tiny_llava.model(), tiny_llava.processor()):
        part.save_pretrained(folder / "llava")


def main() -> None:
    """Run the command; the folder is whole or absent."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("folder", type=Path)
    folder: Path = parser.parse_args().folder
    with whole_folder(folder) as partial:
        save_all(partial)


if __name__ == "__main__":
    main()
