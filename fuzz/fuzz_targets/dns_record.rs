//! `cargo fuzz run dns_record`: see `valpero_fuzz::dns_record`.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| valpero_fuzz::dns_record(data));
