"""Editorial pages, the blocks all pages share, and how a page reaches the reader."""
