//! `cargo fuzz run expected_status`: see `valpero_fuzz::expected_status`.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| valpero_fuzz::expected_status(data));
