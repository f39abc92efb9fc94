"""The executor: runs one stranger's code in a fresh process and reports what came of it."""
