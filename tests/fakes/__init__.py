"""Stand-ins for the outside world that speak its protocols: Twilio, Dialogflow CX, a database server."""
