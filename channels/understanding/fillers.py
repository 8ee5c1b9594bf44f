"""Words that a time may come with and still be all that is said. Data only."""

from __future__ import annotations

from typing import Final

_WORDS: Final = """
    a an the at on in for of to by is it be would will please pls thanks thank you i me my we us let
    make do can could should want like need prefer am have that this then say maybe perhaps around about
    sometime some any time day date or and so ok okay yes yeah well good fine best great
    perfect ideal works work suits free available between from until after before possible if not with
    just only uh um actually rather instead better how about
"""
FILLERS: Final = frozenset(_WORDS.split())

_MORE: Final = """
    no nope sorry wait hold hm hmm oh what take try go lets s d ll
    hi hello hey
    oclock hours hour appointment session slot book change move it's i'd i'll let's
    today tonight tomorrow morning afternoon evening noon early late sharp exactly approximately
"""
BESIDE_A_NUMBER: Final = FILLERS | frozenset(_MORE.split())
"""With nothing but these around it, a bare number that answers "when?" is a time of day. Beside any other
word it may be a house, a telephone or a person's age."""
