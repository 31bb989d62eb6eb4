"""The doorways: one module per endpoint or page, each with an ``includeme`` of its own."""
