"""Watch a live session in the browser, on this machine only.

minute    what happened lately
pictures  the latest picture, once for all viewers
app       what is asked, and what is answered
page      the server and its threads, as long as the session lasts
"""

from videmo.view.watch.page import Page

__all__ = ["Page"]
