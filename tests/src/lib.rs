//! Tests of the whole: the house rules, the contract, and the services over real mutual TLS. They live in `tests/`.
