"""What stands between a case and its target: routes, their hops, and the drivers that run them.

A driver lives in a folder of proxies/; nothing here knows which there are.
"""
