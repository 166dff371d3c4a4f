"""How questionnaires go out: links, QR codes, tokens, participation."""
