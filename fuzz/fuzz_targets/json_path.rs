//! `cargo fuzz run json_path`: see `valpero_fuzz::json_path`.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| valpero_fuzz::json_path(data));
