"""Devices: tickets, enrolment, polls."""
