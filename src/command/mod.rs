//! The grammar that the console, the SSH forced command and the SSH server share: from a line to what it asks for.
