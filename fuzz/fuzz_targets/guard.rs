//! `cargo fuzz run guard`: see `valpero_fuzz::guard`.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| valpero_fuzz::guard(data));
