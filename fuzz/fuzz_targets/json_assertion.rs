//! `cargo fuzz run json_assertion`: see `valpero_fuzz::json_assertion`.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| valpero_fuzz::json_assertion(data));
