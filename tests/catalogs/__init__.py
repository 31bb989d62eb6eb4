"""The message catalogs of pages: extracted, merged, compiled and judged."""
