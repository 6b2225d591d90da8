//! Who is on the stage: two sites with their components, and who feeds them.

pub const CONFIG: &str = "
config aiglon 'main'
	option journal_size 'SIZE'
config listen
	option address '127.0.0.1:8080'
	list serve 'page'
	list serve 'ingest'
config site 'home'
	list host 'home.example.org'
config source 'a'
	option site 'home'
	list token 'sha256:0000000000000000000000000000000000000000000000000000000000000001'
config source 'b'
	option site 'home'
	list token 'sha256:0000000000000000000000000000000000000000000000000000000000000002'
config source 'hook'
	option site 'home'
	list token 'sha256:0000000000000000000000000000000000000000000000000000000000000003'
config service 'wifi'
	option site 'home'
config component 'heron'
	option service 'wifi'
	list source 'a'
	list source 'b'
	list match 'part=heron'
config component 'egret'
	option service 'wifi'
	list source 'a'
	list source 'hook'
	list match 'part=egret'
config service 'net'
	option site 'home'
config component 'uplink'
	option service 'net'
	list source 'b'
	list match 'part=uplink'
config component 'gate'
	option service 'net'
	option depends_on 'uplink'
	list source 'a'
	list match 'part=gate'
config site 'lab'
	list host 'lab.example.org'
config source 'c'
	option site 'lab'
	list token 'sha256:0000000000000000000000000000000000000000000000000000000000000004'
config service 'bench'
	option site 'lab'
config component 'lamp'
	option service 'bench'
	list match 'part=lamp'
config component 'oven'
	option service 'bench'
	list match 'part=oven'
";

/// In the order of the configuration, as all the lists below.
pub const SOURCES: [&str; 4] = ["a", "b", "hook", "c"];
/// The one that does not repeat.
pub const HOOK: usize = 2;
pub const PARTS: [&str; 6] = ["heron", "egret", "uplink", "gate", "lamp", "oven"];
/// Whose word counts for each component.
pub const FEEDERS: [&[usize]; PARTS.len()] = [&[0, 1], &[0, 2], &[1], &[0], &[3], &[3]];
/// The site of each component.
pub const SITE_OF: [u8; PARTS.len()] = [0, 0, 0, 0, 1, 1];
/// The site of each service.
pub const SITE_OF_SERVICE: [u8; 3] = [0, 0, 1];
