//! Conversions of the contract of rules, one file for each noun.
