import numpy as np

from art2mus.codec.score import MELODY, PAD, Note, Score
from art2mus.data.captions import ARTWORK_SENTENCES, LOW_QUALITY, UNKNOWN, describe
from art2mus.data.spoil import spoil
from art2mus.metrics.harmony import measure
from art2mus.training.text import make_tokenizer


def test_every_caption_is_in_words_the_tokenizer_knows() -> None:
    tokenizer = make_tokenizer()
    rng = np.random.default_rng(0)
    captions = [
        describe(rng.normal(size=4).astype(np.float32), kind, bool(rng.integers(2)), rng)[0]
        for kind in ("chorale pad", "tune arpeggio", "song", "something else")
        for _ in range(50)
    ]
    for caption in (*(caption.replace(UNKNOWN, "") for caption in captions), *ARTWORK_SENTENCES, LOW_QUALITY):
        ids = tokenizer(caption)["input_ids"]
        assert tokenizer.unk_token_id not in ids, caption
        assert len(ids) <= tokenizer.model_max_length


def test_a_strange_word_is_unknown_and_does_not_break_anything() -> None:
    tokenizer = make_tokenizer()
    assert tokenizer.convert_ids_to_tokens(tokenizer("Slow, xylophonic!")["input_ids"]) == [
        "<s>",
        "slow",
        "<unk>",
        "</s>",
    ]


def test_words_suggest_an_affect() -> None:
    rng = np.random.default_rng(0)
    low = np.array([0, -2, 0, 0], np.float32)
    affects = [describe(low, "pad", True, rng)[1] for _ in range(50)]
    assert {affect["brightness"] for affect in affects if "brightness" in affect} == {-1.5}
    assert {affect["valence"] for affect in affects if "valence" in affect} == {-1.5}


def test_spoiled_music_has_lost_its_harmony() -> None:
    chords = [Note(16 * bar, 16, 7 + root + k, PAD) for bar, root in enumerate((0, 3, 4, 0)) for k in (0, 2, 4)]
    score = Score((*chords, *(Note(4 * beat, 4, 21, MELODY) for beat in range(16))), 64)
    rng = np.random.default_rng(0)
    spoiled = [spoil(score, rng) for _ in range(20)]
    assert measure(spoiled).triads < measure([score]).triads - 0.3
    assert all(len(bad.notes) == len(score.notes) for bad in spoiled)
