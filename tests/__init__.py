"""The tests of the harness itself, and the matrix of cases and faulty servers."""
