//! `cargo fuzz run charset`: see `valpero_fuzz::charset`.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| valpero_fuzz::charset(data));
