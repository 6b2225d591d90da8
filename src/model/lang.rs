//! The languages that the page speaks: one catalogue file each in `www/lang`, read by the build.

include!(concat!(env!("OUT_DIR"), "/lang.rs"));
