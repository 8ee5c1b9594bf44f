"""Phones on a web page, for trying the practice out without any account."""
