"""Who hears what, in which order: balanced over listeners, drawn at random from a seed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from random import Random


@dataclass(frozen=True, slots=True)
class Trial:
    """One artwork and the two models whose music is heard with it.

    Attributes:
        artwork: Id of the artwork.
        first: The model whose music is called A.
        second: The model whose music is called B.
    """

    artwork: str
    first: str
    second: str


def num_sessions_in_block(num_models: int) -> int:
    """Sessions after which everything is balanced: one for each ordered pair of models.

    >>> num_sessions_in_block(2), num_sessions_in_block(3)
    (2, 6)
    """
    return num_models * (num_models - 1)


def draw_session(
    slot: int, artworks: Sequence[str], models: Sequence[str], num_artworks: int, seed: int
) -> tuple[Trial, ...]:
    """Draw the trials of one session; the same slot always gives the same ones.

    Sessions come in blocks of as many as there are ordered pairs of models. All sessions of a block show the same
    artworks, and each artwork meets each ordered pair in exactly one of them: within a block every model is first
    equally often, with every artwork and against every other model. Within a session the numbers of times that
    models come first differ by one at most. Over the blocks the artworks take turns. With more than two models this
    is a balanced incomplete block design: a trial is a block of two, and every two models meet equally often.

    Args:
        slot: Number of the session, from 0.
        artworks: Ids of all artworks.
        models: At least two.
        num_artworks: How many a session shows, at most all.
        seed: Of everything drawn.

    Raises: ValueError if there are fewer than two models, or not so many artworks.
    Source: R. C. Bose, "On the construction of balanced incomplete block designs", Annals of Eugenics 9 (1939): pairs
        by cyclic differences; the rows of a cyclic Latin square give the sessions of a block.
    """
    if len(models) < 2 or not 1 <= num_artworks <= len(artworks):
        raise ValueError(f"cannot draw {num_artworks} of {len(artworks)} artworks for {len(models)} models")
    block, turn = divmod(slot, num_sessions_in_block(len(models)))
    of_study, of_block, of_session = Random(f"{seed}"), Random(f"{seed}/{block}"), Random(f"{seed}/{block}/{turn}")
    order = of_study.sample(artworks, len(artworks))
    shown = [order[(block * num_artworks + index) % len(order)] for index in range(num_artworks)]
    of_block.shuffle(shown)
    pairs = _ordered_pairs(of_block.sample(models, len(models)))
    trials = [Trial(artwork, *pairs[(index + turn) % len(pairs)]) for index, artwork in enumerate(shown)]
    of_session.shuffle(trials)
    return tuple(trials)


def _ordered_pairs(models: Sequence[str]) -> list[tuple[str, str]]:
    """All of them, such that the first ones go round and round.

    >>> _ordered_pairs("abc")
    [('a', 'b'), ('b', 'c'), ('c', 'a'), ('a', 'c'), ('b', 'a'), ('c', 'b')]
    """
    count = len(models)
    return [(models[i], models[(i + step) % count]) for step in range(1, count) for i in range(count)]
