"""The finished clips on disk: one FLAC file each, which says in its tags what it is, and an index of them in SQLite.

The composer process writes files (`begin_clip`, `finish_clip`) and knows no database. Rows are written by whoever opens
the index (`Library`): the director, which keeps it open, and for a moment the curator's command (`python -m
installation.library`), which also sets pins and bans. A clip exists as soon as its file has its name; a row that is
missing, for whatever reason, is made from the file. Standard library only.
"""

from installation.library.files import begin_clip, finish_clip
from installation.library.index import Library

__all__ = ["Library", "begin_clip", "finish_clip"]
