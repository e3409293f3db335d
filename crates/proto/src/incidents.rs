//! Conversions of the contract of incidents, one file for each noun.
