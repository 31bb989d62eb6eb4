"""How many function calls each flow costs in this process: a figure that no noise touches.

``python -m tests.calls ENGINE ...`` prints them by layer for ``sqlite``, ``redis`` and
``postgresql``; ``--write`` makes them the figures that ``test_calls.py`` compares with.
"""
