"""A messenger in the browser and in the terminal, through the same doors as WhatsApp."""
