"""Where an agent's secrets are kept, and how local sessions get them."""
