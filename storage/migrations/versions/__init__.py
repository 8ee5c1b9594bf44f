"""The revisions, in the order of their names.

One that was released is never edited. None goes back: that is what a backup is for.
"""
