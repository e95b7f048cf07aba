"""Report formats, a file each; every one is a pure function of graders.verdict.Report."""
