"""Home of the content folders in an installed wireproof: suites, fixtures, proxies and reports."""
