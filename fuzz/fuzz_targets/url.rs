//! `cargo fuzz run url`: see `valpero_fuzz::url`.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| valpero_fuzz::url(data));
