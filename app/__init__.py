"""Where the concrete classes meet: settings, wiring, web server, workers, command line."""
