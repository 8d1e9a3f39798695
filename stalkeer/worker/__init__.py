"""Dramatiq: the only room that knows it. Public: `make_broker`, `Workers`."""
