//! The simulated city and its known truth, from a seed.
