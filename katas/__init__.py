"""The kata bank: one folder a kata, read as text; executed only by the grader."""
