//! `cargo fuzz run cursor`: see `valpero_fuzz::cursor`.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| valpero_fuzz::cursor(data));
