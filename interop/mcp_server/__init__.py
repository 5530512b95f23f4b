"""The MCP server of a bench: one more face of the bench service, for assistants that speak the Model Context Protocol.

``server`` declares the tools with the official SDK. The other files do the work and know nothing of the SDK.
"""
