//! `cargo fuzz run packed`: see `valpero_fuzz::packed`.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| valpero_fuzz::packed(data));
