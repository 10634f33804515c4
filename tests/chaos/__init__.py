"""Everything that can go wrong in a room, made to go wrong, while what the loudspeakers play is recorded.

python -m tests.chaos            all of it, with the bundled model; prints a table
python -m tests.chaos --help     a part of it, or with a composer that needs no model
"""
