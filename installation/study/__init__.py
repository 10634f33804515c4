"""The listening study on the kiosk's screen and with the kiosk's sound.

`levelling` makes tracks equally loud, `sound` plays them one at a time in the kiosk's audio process, `sitting` is one
listener's way through the artworks, `__main__` holds them together with the window of `installation.ui.study`.
"""
