"""`therapy-booking doctor`: looks whether everything the product needs is there and set up right."""
