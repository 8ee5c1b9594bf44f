"""The outside world: WhatsApp, Dialogflow, the simulator. Knows no SQL and no flow."""
