"""What is chosen by a word: the same words in configurations, on command lines and in code. Importing this is light."""

from typing import Literal, get_args

Conditioning = Literal["reference", "framed"]
"""How image tokens are shown to the language model; see `ImageProjection`."""
CONDITIONINGS: tuple[Conditioning, ...] = get_args(Conditioning)

View = Literal["crop", "pad", "multi-crop"]
"""How much of a picture that is not square is seen; see `ImageBind`."""
VIEWS: tuple[View, ...] = get_args(View)

Language = Literal["en", "it", "de", "fr", "es"]
"""Of words for people, by ISO 639-1; what the screen, the study and the web page say is there in each."""
LANGUAGES: tuple[Language, ...] = get_args(Language)

Dtype = Literal["float32", "bfloat16", "float16"]
"""Of a model's networks, as torch calls it."""
DTYPES: tuple[Dtype, ...] = get_args(Dtype)
