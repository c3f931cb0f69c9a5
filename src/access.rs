//! Who may see and do what: one table of role, action, field.
