"""The daily loop: an agent on the local runtime that follows what is saved, and what its sessions say meanwhile."""
