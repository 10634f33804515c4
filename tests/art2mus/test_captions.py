import numpy as np
import pytest

from art2mus.codec.score import MELODY, PAD, Note, Score
from art2mus.data.captions import ARTWORK_SENTENCES, LOW_QUALITY, UNKNOWN, describe
from art2mus.data.spoil import forgetful, out_of_tune, spoil, wandering
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


def a_phrase() -> Score:
    chords = [Note(16 * bar, 16, 7 + root + k, PAD) for bar, root in enumerate((0, 3, 4, 0)) for k in (0, 2, 4)]
    return Score((*chords, *(Note(4 * beat, 4, 21 + beat % 3, MELODY) for beat in range(16))), 64)


def test_what_is_out_of_tune_has_lost_its_harmony() -> None:
    chords = Score(tuple(note for note in a_phrase().notes if note.layer == PAD), 64)
    rng = np.random.default_rng(0)
    spoiled = [Score(tuple(out_of_tune(chords, rng)), 64) for _ in range(20)]
    assert measure(spoiled).triads < measure([chords]).triads - 0.3


def test_what_wanders_leaps_and_keeps_its_chords() -> None:
    score, rng = a_phrase(), np.random.default_rng(0)
    spoiled = [Score(tuple(wandering(score, rng)), 64) for _ in range(20)]
    assert measure(spoiled).stepwise_melody < measure([score]).stepwise_melody - 0.2
    assert all(
        [note for note in bad.notes if note.layer == PAD] == [note for note in score.notes if note.layer == PAD]
        for bad in spoiled
    )


def test_what_forgets_does_not_repeat_itself() -> None:
    motif = [Note(4 * beat, 4, 14 + beat % 4, MELODY) for beat in range(32)]
    score, rng = Score(tuple(motif), 128), np.random.default_rng(0)
    spoiled = [Score(tuple(forgetful(score, rng)), 128) for _ in range(20)]
    assert measure([score]).repetition == pytest.approx(1.0)
    assert measure(spoiled).repetition < 0.7
    assert measure(spoiled).stepwise_melody > 0.5


def test_spoiled_music_keeps_its_notes() -> None:
    score, rng = a_phrase(), np.random.default_rng(0)
    assert all(len(spoil(score, rng).notes) == len(score.notes) for _ in range(20))
