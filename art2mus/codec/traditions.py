"""Where instruments are at home: the music of a country, told with the twelve of the bundled SoundFont.

It has no koto and no oud. What is nearest to them plays: a harp for long zithers and arched harps, a guitar for
lutes, a flute for bamboo flutes, a vibraphone for bars and bowls that are struck, a cello for fiddles that are held
upright.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

_TRADITIONS: Final = (
    # names of countries and peoples; instruments  # what they stand for
    ("japan japanese", "flute harp guitar"),  # shakuhachi, koto, shamisen and biwa
    ("china chinese", "flute harp guitar cello"),  # dizi, guzheng, pipa, erhu
    ("korea korean", "flute harp cello"),  # daegeum, gayageum, haegeum
    ("india indian bengal mughal rajput", "flute guitar"),  # bansuri, sitar
    ("iran iranian persia persian safavid", "flute guitar harp"),  # ney, tar and setar, chang and qanun
    ("turkey turkish ottoman", "flute guitar harp cello"),  # ney, ud and tanbur, kanun, kemençe
    ("egypt egyptian syria syrian iraq iraqi morocco moroccan arabia arab", "flute guitar harp"),  # nay, oud, qanun
    ("indonesia indonesian java javanese bali balinese", "vibraphone celesta flute"),  # gendèr, saron, suling
    ("mali malian senegal senegalese guinea benin nigeria nigerian", "harp vibraphone choir"),  # kora, balafon
    ("peru peruvian bolivia bolivian ecuador", "flute guitar harp"),  # quena, charango
    ("mexico mexican", "guitar harp vibraphone"),  # and marimba
    ("spain spanish portugal portuguese", "guitar"),
    ("ireland irish scotland scottish wales welsh", "harp flute"),
    ("russia russian ukraine ukrainian", "choir strings"),
    ("usa america american", "guitar clarinet vibraphone piano"),
)

HOMES: Final[Mapping[str, frozenset[str]]] = MappingProxyType(
    {name: frozenset(instruments.split()) for names, instruments in _TRADITIONS for name in names.split()}
)
"""Which instruments are at home, by country or people, in small letters.

Countries whose music all twelve are made for, such as Italy, France and Germany, are not in it.

Which instruments these are is common knowledge and was not looked up one by one; what stands for what is our own
choice.
"""


def at_home_in(country: str | None) -> frozenset[str]:
    """Give the instruments at home in the first country of a label that is known for some; otherwise none.

    >>> sorted(at_home_in("Edo, Japan"))
    ['flute', 'guitar', 'harp']
    >>> at_home_in("France")
    frozenset()
    """
    words = re.findall(r"[^\W\d_]+", (country or "").casefold())
    return next((HOMES[word] for word in words if word in HOMES), frozenset())
