"""Reads recordings as columns, and passes over whatever can change nothing.

A replay of frames asks three things of each frame, and each is one step here:

1. **Scan** (per format): bytes -> ``Columns``: the time of every frame, and identifier, channel
   and payload of those that the profile reads.
2. **Clock** (one for all formats): times as recorded -> microseconds since the first frame, never
   decreasing; where time breaks, it stops.
3. **Sieve** (one for all formats; ``wire.supervision`` and ``wire.protection`` in columns): the
   frames that must go through the ``Translator``, and for the others how far each message was
   heard in between.

The scan contract
-----------------
A scanner reads one file from its start. It fills a ``Columns`` in the order of the file and hands
it over when it is full or a block of the file ends; it may reuse it for the next. It must agree
with the format's frame reader (``readers``) in everything: each frame that the reader yields is
one row of ``stamps_us``, with the same time; each that is a data frame with a wanted identifier is
also one row of the other columns, with the same payload and channel; and each loss is counted in
the same ``Tally`` with the same cause and position.

It need not be able to read everything. A kernel reads what it reads surely, stops at what is odd
(a header, a comment, damage, a rare spelling), and the format's own reader takes that one piece;
then the kernel goes on behind it. So there is one judge of what is damage, and a kernel can only
be slow, not wrong. ``frames.columns_of`` makes columns of any reader's frames: the way for formats
that no kernel knows, and the oracle for those that one does.

Kernels
-------
``kernels.choose`` picks one for the whole replay: ``compiled`` (``_compiled``, C, an optional part
of the installation), ``numpy`` (the extra ``replay``), ``plain`` (always there). All three keep
the same frames; the tests compare them with each other, and the journals with those of the way
frame by frame.
"""
