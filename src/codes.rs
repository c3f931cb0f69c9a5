//! Area-code grammars and the checks on a code.
