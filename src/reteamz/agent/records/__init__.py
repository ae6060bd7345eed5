"""Sealed content: screenshots, camera pictures, sound, typed text, clipboard, chat. Sealed to the owner at once, never readable on disk."""
