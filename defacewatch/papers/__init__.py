"""Papers that an office files: what they say, and the forms they come in (PDF by way of HTML, DOCX, CSV)."""
