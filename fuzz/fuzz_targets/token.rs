//! `cargo fuzz run token`: see `valpero_fuzz::token`.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| valpero_fuzz::token(data));
