"""`agentcore open`: a browser is let in to the page, which a server of this machine serves."""
