"""The ground floor: what things are and how they are judged, without I/O, clock or chance."""
