"""Pages: HTML with tokens as text, which the browser decrypts."""
