"""Mathematics of graduate employment with few schools. No files here."""
