//! The assembly: intake from the edge, session actors, the chat API.
