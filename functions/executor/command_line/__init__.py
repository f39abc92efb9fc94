"""`npm run exec`: between a person at a terminal and the executor. Not part of the deployed function."""
