"""The commands. Each imports what it needs when it runs, so that the small ones start at once.

Public: `commands.app`.
"""
