//! The parsers of single structures, each given any bytes: no panic, no large allocation.

#![no_main]

use libfuzzer_sys::fuzz_target;
use neodump_runtime::image::ImageHeader;
use neodump_runtime::inspect::{Image, Schema};
use neodump_runtime::{LoadOptions, native};
use neodump_tests::fixture::Vm;

fuzz_target!(|bytes: &[u8]| {
    let _ = ImageHeader::parse(bytes, bytes.len() as u64);
    if let Ok(imports) = native::decode(bytes) {
        assert_eq!(native::encode(&imports), bytes);
    }
    if let Ok(text) = std::str::from_utf8(bytes) {
        let _ = Schema::parse(text, 0);
    }
    assert!(Image::of(bytes).is_err());
    assert!(LoadOptions::new().load_bytes::<Vm>(bytes).is_err());
});
