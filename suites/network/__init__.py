"""What must survive the network: proxies, balancers, several nodes, time-outs; and what stands between."""
