"""Tables of all three tasks: the networks, and hyper-images of another network."""
