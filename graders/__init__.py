"""The grader: one door, `graders.grade.Grader`; everything that decides a verdict lives behind it."""
