"""Mathematics of professional–industry fit (专业—产业契合度). No files here."""
