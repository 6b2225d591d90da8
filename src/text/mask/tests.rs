//! What is masked, and what is left as it is.

#![allow(clippy::unwrap_used)]

use std::string::String;

use proptest::prelude::*;

use super::*;

#[test]
fn the_first_byte_is_found_that_is_not_ascii_or_a_per_cent_sign() {
    for length in 0..40 {
        let plain = "a$&/~ 09:".bytes().cycle().take(length).collect::<std::vec::Vec<_>>();
        assert_eq!(strange(&plain), None);
        for at in 0..length {
            for byte in [b'%', 0x80, 0xff, 0xa5] {
                let mut text = plain.clone();
                text[at] = byte;
                text[length - 1] = byte;
                assert_eq!(strange(&text), Some(at), "{length} {at} {byte}");
            }
        }
    }
}

#[test]
fn twelve_digits_are_an_address_whatever_they_touch() {
    for (text, expected) in [
        ("wlan0-deadbeef000bx", "wlan0-xxxxxxxxxxxxx"),
        ("deadbeef0001zz", "xxxxxxxxxxxxzz"),
        ("sta_zdeadbeef0001.", "sta_zxxxxxxxxxxxx."),
        // A word of twelve digits is one, too.
        ("6dddddddddddddddddddddddSSS", "xxxxxxxxxxxxxxxxxxxxxxxxSSS"),
        ("deadbeefcafe001122334455", "xxxxxxxxxxxxxxxxxxxxxxxx"),
        ("507f1f77bcf86cd799439011", "507f1f77bcf86cd799439011"),
    ] {
        assert_eq!(masked(macs, text), expected);
        assert_eq!(masked(macs, expected), expected, "twice: {text}");
    }
}

#[test]
fn pairs_are_an_address_whatever_digits_they_touch() {
    for (text, expected) in [
        ("sta00:11:22:aa:bb:cc", "stxxx:xx:xx:xx:xx:xx"),
        ("macac00:11:22:aa:bb:cc", "mxxxxxx:xx:xx:xx:xx:xx"),
        ("radio0-abc00-11-22-aa-bb-cc", "radio0-xxxxx-xx-xx-xx-xx-xx"),
        ("00:11:22:aa:bb:ccdisconnected", "xx:xx:xx:xx:xx:xxxisconnected"),
        ("00:11:22:aa:bb:cc55dBm", "xx:xx:xx:xx:xx:xxxxxxm"),
        ("deface00:11:22:aa:bb:cc", "xxxxxxxx:xx:xx:xx:xx:xx"),
        ("00%3A11%3A22%3Aaa%3Abb%3Accdead", "xx%3Axx%3Axx%3Axx%3Axx%3Axxxxxx"),
        // Five are none.
        ("sta00:11:22:aa:bb", "sta00:11:22:aa:bb"),
        ("at 2026-11-21 12:00:00", "at 2026-11-21 12:00:00"),
        ("2026-11-21-12-00-00.tar 21_11_12_00_00_2026", "2026-11-21-12-00-00.tar 21_11_12_00_00_2026"),
    ] {
        assert_eq!(masked(macs, text), expected);
    }
}

#[test]
fn what_is_not_seen_splits_no_address() {
    let squeezed = |text: &str| {
        let mut bytes = text.as_bytes().to_vec();
        let left = squeeze(&mut bytes);
        bytes.truncate(left);
        String::from_utf8(bytes).unwrap()
    };
    for (text, expected) in [
        ("de:ad:be:\u{202e}ef:00:01", "de:ad:be:ef:00:01"),
        ("dead\u{200b}\u{ad}beef\u{feff}0001", "deadbeef0001"),
        ("de:ad:be\u{7}:ef:00:01 10.1.\u{200e}2.3", "de:ad:be:ef:00:01 10.1.2.3"),
        // Where such characters are meant.
        ("می\u{200c}خواهم", "می\u{200c}خواهم"),
        ("👩\u{200d}🔧 a", "👩\u{200d}🔧 a"),
        ("a\u{202e}é\u{202e}b", "a\u{202e}é\u{202e}b"),
        ("two\nlines\tand \u{200b}x", "two\nlines\tand \u{200b}x"),
        ("end\u{200e}", "end\u{200e}"),
        ("", ""),
    ] {
        assert_eq!(squeezed(text), expected, "{text:?}");
    }
}

#[test]
fn what_touched_an_address_is_looked_at_again() {
    assert_eq!(masked(macs, "0aaaaa%3Aaaaaaa001122334455"), "xxxxxx%3Axxxxxxxxxxxxxxxxxx");
}

proptest! {
    /// What looks like an address behind a mask would be one.
    #[test]
    fn what_is_masked_stays_as_it_is(
        pieces in proptest::collection::vec("[a-f]{1,13}|[0-9]{1,12}|[a-f0-9]{1,4}|[:.%_ -]|%3A|S|zz", 0..16),
    ) {
        let once = masked(macs, &pieces.concat());
        prop_assert_eq!(masked(macs, &once), once);
    }

    #[test]
    fn squeezing_leaves_valid_text_and_what_is_seen(text in "[a-f0-9:é\u{200b}\u{202e}\u{7}می\u{200c} 👩]{0,40}") {
        let mut bytes = text.as_bytes().to_vec();
        let left = squeeze(&mut bytes);
        let left = core::str::from_utf8(&bytes[..left]).unwrap();
        let seen = |text: &str| text.chars().filter(|&c| !is_unseen(c)).collect::<String>();
        prop_assert_eq!(seen(left), seen(&text));
    }

    #[test]
    fn squeezing_stands_any_bytes(mut bytes in proptest::collection::vec(any::<u8>(), 0..40)) {
        prop_assert!(squeeze(&mut bytes) <= bytes.len());
    }
}

/// Says truly whether there was any.
fn macs(text: &mut [u8]) {
    let before = text.to_vec();
    assert_eq!(mask_mac(text), before != text);
}

fn ips(text: &mut [u8]) {
    let before = text.to_vec();
    assert_eq!(mask_ip(text), before != text);
}

fn masked(mask: fn(&mut [u8]), text: &str) -> String {
    let mut bytes = text.as_bytes().to_vec();
    mask(&mut bytes);
    String::from_utf8(bytes).unwrap()
}

fn both(text: &mut [u8]) {
    mask_mac(text);
    mask_ip(text);
}

#[test]
fn mac_addresses() {
    for (text, expected) in [
        ("00:11:22:aa:bb:cc", "xx:xx:xx:xx:xx:xx"),
        ("00-11-22-AA-BB-CC", "xx-xx-xx-xx-xx-xx"),
        ("00.11.22.aa.bb.cc", "xx.xx.xx.xx.xx.xx"),
        ("00_11_22_aa_bb_cc", "xx_xx_xx_xx_xx_xx"),
        ("00 11 22 aa bb cc", "xx xx xx xx xx xx"),
        ("0011.22aa.bbcc", "xxxx.xxxx.xxxx"),
        ("0011-22aa-bbcc", "xxxx-xxxx-xxxx"),
        ("0011:22aa:bbcc", "xxxx:xxxx:xxxx"),
        ("001122-aabbcc", "xxxxxx-xxxxxx"),
        ("001122aabbcc", "xxxxxxxxxxxx"),
        ("0x001122AABBCC", "0xxxxxxxxxxxxx"),
        ("dev_001122aabbcc_rssi", "dev_xxxxxxxxxxxx_rssi"),
        // EUI-64
        ("00:11:22:ff:fe:aa:bb:cc", "xx:xx:xx:xx:xx:xx:xx:xx"),
        ("0011.22ff.feaa.bbcc", "xxxx.xxxx.xxxx.xxxx"),
        ("dev-eui 001122fffeaabbcc", "dev-eui xxxxxxxxxxxxxxxx"),
        // IPv6 made of a MAC
        ("fe80::211:22ff:feaa:bbcc", "fe80::xxx:xxxx:xxxx:xxxx"),
        ("[2001:db8:1:2:0211:22FF:FEAA:BBCC]:443", "[2001:db8:1:2:xxxx:xxxx:xxxx:xxxx]:443"),
        ("fe80::ff:fe00:1%br-lan", "fe80::xx:xxxx:x%br-lan"),
        ("2001:db8:1:2:a11:5ff:fe01:2/64", "2001:db8:1:2:xxx:xxx:xxxx:x/64"),
        // dnsmasq
        (
            "DHCPACK(br-lan) 192.168.1.23 00:11:22:aa:bb:cc Fatimas-iPhone",
            "DHCPACK(br-lan) 192.168.1.23 xx:xx:xx:xx:xx:xx Fatimas-iPhone",
        ),
        (
            "1795252011 00:11:22:aa:bb:cc 192.168.1.23 phone 01:00:11:22:aa:bb:cc",
            "1795252011 xx:xx:xx:xx:xx:xx 192.168.1.23 phone xx:xx:xx:xx:xx:xx:xx",
        ),
        // hostapd
        (
            "wlan0: STA 00:11:22:aa:bb:cc IEEE 802.11: authenticated",
            "wlan0: STA xx:xx:xx:xx:xx:xx IEEE 802.11: authenticated",
        ),
        (
            "AP-STA-CONNECTED 00:11:22:aa:bb:cc auth_alg=sae",
            "AP-STA-CONNECTED xx:xx:xx:xx:xx:xx auth_alg=sae",
        ),
        // the kernel, iptables, arp on Linux and on BSD, RADIUS, a switch
        (
            "IN=br-lan MAC=00:11:22:aa:bb:cc:00:11:22:dd:ee:ff:08:00 SRC=10.0.0.1",
            "IN=br-lan MAC=xx:xx:xx:xx:xx:xx:xx:xx:xx:xx:xx:xx:xx:xx SRC=10.0.0.1",
        ),
        (
            "192.168.1.1  0x1  0x2  00:11:22:aa:bb:cc  *  br-lan",
            "192.168.1.1  0x1  0x2  xx:xx:xx:xx:xx:xx  *  br-lan",
        ),
        ("? (192.168.1.1) at 0:1b:63:84:45:e6 on en0", "? (192.168.1.1) at x:xx:xx:xx:xx:xx on en0"),
        (
            "Calling-Station-Id = \"00-11-22-AA-BB-CC:ssid\"",
            "Calling-Station-Id = \"xx-xx-xx-xx-xx-xx:ssid\"",
        ),
        (" 10    0011.22aa.bbcc    DYNAMIC     Gi0/1.", " 10    xxxx.xxxx.xxxx    DYNAMIC     Gi0/1."),
        // collectd and Prometheus
        (
            "Host antenna, plugin iwinfo (instance wlan0-00:11:22:aa:bb:cc)",
            "Host antenna, plugin iwinfo (instance wlan0-xx:xx:xx:xx:xx:xx)",
        ),
        (
            "wifi_station_signal_dbm{mac=\"00:11:22:aa:bb:cc\"} -71",
            "wifi_station_signal_dbm{mac=\"xx:xx:xx:xx:xx:xx\"} -71",
        ),
        (
            "http://grafana/d/x?var-mac=00%3A11%3a22%3Aaa%3Abb%3Acc&kiosk",
            "http://grafana/d/x?var-mac=xx%3Axx%3axx%3Axx%3Axx%3Axx&kiosk",
        ),
        // at the end of a word, and of a sentence
        ("mac:00:11:22:aa:bb:cc", "mac:xx:xx:xx:xx:xx:xx"),
        ("client00:11:22:aa:bb:cc:dd", "client00:xx:xx:xx:xx:xx:xx"),
        ("\\n00:11:22:aa:bb:cc\\n", "\\nxx:xx:xx:xx:xx:xx\\n"),
        ("It was 001122aabbcc.", "It was xxxxxxxxxxxx."),
        ("هاتف 00:11:22:aa:bb:cc é00:11:22:aa:bb:cc", "هاتف xx:xx:xx:xx:xx:xx éxx:xx:xx:xx:xx:xx"),
        ("100%20:11:22:aa:bb:cc", "100%xx:xx:xx:xx:xx:xx"),
        ("00:11:22:aa:bb:cc,00:11:22:aa:bb:dd", "xx:xx:xx:xx:xx:xx,xx:xx:xx:xx:xx:xx"),
        // in the names of hosts, behind and before letters that are digits, too
        ("node001122334455", "nodexxxxxxxxxxxx"),
        ("sta001122334455", "staxxxxxxxxxxxx"),
        ("phone001122aabbcc", "phonxxxxxxxxxxxxx"),
        ("device-001122334455a", "device-xxxxxxxxxxxxa"),
        ("face001122334455", "facexxxxxxxxxxxx"),
        ("phoneaabbccddeeff", "phonxxxxxxxxxxxxx"),
        ("face0011.2233.4455", "facexxxx.xxxx.xxxx"),
        ("sta0011.2233.4455cable", "staxxxx.xxxx.xxxxxxxle"),
        ("cafe0:1:2:3:4:5", "cafxx:x:x:x:x:x"),
        ("sta0:1:2:3:4:5", "stxx:x:x:x:x:x"),
        ("node001122-334455", "nodexxxxxx-xxxxxx"),
        ("a001122-334455", "axxxxxx-xxxxxx"),
        // other separators, and two of them
        ("00/11/22/aa/bb/cc", "xx/xx/xx/xx/xx/xx"),
        ("00|11|22|aa|bb|cc", "xx|xx|xx|xx|xx|xx"),
        ("00::11::22::aa::bb::cc", "xx::xx::xx::xx::xx::xx"),
        ("00--11--22--aa--bb--cc", "xx--xx--xx--xx--xx--xx"),
        ("00: 11: 22: aa: bb: cc", "xx: xx: xx: xx: xx: xx"),
        // what is not ASCII; a digit is hidden with all its bytes
        (
            "00\u{2010}11\u{2010}22\u{2010}aa\u{2010}bb\u{2010}cc",
            "xx\u{2010}xx\u{2010}xx\u{2010}xx\u{2010}xx\u{2010}xx",
        ),
        ("00：11：22：aa：bb：cc", "xx：xx：xx：xx：xx：xx"),
        ("٠٠:١١:٢٢:aa:bb:cc", "xxxx:xxxx:xxxx:xx:xx:xx"),
        ("۰۰:۱۱:۲۲:aa:bb:cc", "xxxx:xxxx:xxxx:xx:xx:xx"),
        ("００:１１:２２:ａａ:bb:cc", "xxxxxx:xxxxxx:xxxxxx:xxxxxx:xx:xx"),
        ("هاتف٠٠١١٢٢aabbcc", "هاتفxxxxxxxxxxxxxxxxxx"),
        // a UUID of version 1
        ("6ba7b810-9dad-11d1-80b4-00c04fd430c8", "6ba7b810-9dad-11d1-80b4-xxxxxxxxxxxx"),
    ] {
        assert_eq!(masked(macs, text), expected, "{text}");
        assert_eq!(masked(macs, expected), expected, "twice: {text}");
    }
}

/// A page shows these as spaces, or as a mark between the pairs.
#[test]
fn tabs_and_ends_of_lines_split_no_address() {
    for (text, expected) in [
        ("00\t11\t22\taa\tbb\tcc", "xx\txx\txx\txx\txx\txx"),
        ("00\n11\n22\naa\nbb\ncc", "xx\nxx\nxx\nxx\nxx\nxx"),
        ("00\r\n11\r\n22\r\naa bb\tcc", "xx\r\nxx\r\nxx\r\nxx xx\txx"),
        ("00\u{c}11\u{b}22 aa bb cc", "xx\u{c}xx\u{b}xx xx xx xx"),
        ("00:11:22:\naa:bb:cc", "xx:xx:xx:\nxx:xx:xx"),
        ("00\u{85}11\u{85}22\u{85}aa\u{2028}bb\u{2029}cc", "xx\u{85}xx\u{85}xx\u{85}xx\u{2028}xx\u{2029}xx"),
    ] {
        assert_eq!(masked(macs, text), expected);
    }
}

#[test]
fn no_mac_addresses() {
    for text in [
        "",
        "decade",
        "facade of a decaf cafe",
        "12:34:56",
        "2026-11-21T09:06:51.964939396Z",
        "2026-11-21 09:06:51",
        "21.11.2026 09.06.51",
        "up 12:34:56:07",
        "1.2.3",
        "OpenWrt 24.10.0-rc5, r28190-5b0d5ee1f3",
        "10.0.0.1:9100",
        "192.168.100.200",
        "2001:db8:1:2:3:4:5:6",
        "2001:0db8:aaaa::/48",
        "2001:0db8:aaaa:bbbb:cccc:dddd:eeee:ffff",
        "fe80::1",
        "::ffff:10.0.0.1",
        "310f98352464972b",
        "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
        "deadbeefdeadbeef01",
        "550e8400-e29b-41d4-a716-446655440000",
        "1795252011964",
        // dates, versions, telephone numbers, names of rules
        "backup-2026-11-21_0906.tar",
        "21/11/2026 09:06:51 | 22/11/2026",
        "1/2/3 | 4/5/6",
        "منذ ٢١/١١/٢٠٢٦ ٠٩:٠٦",
        "２０２６年１１月２１日",
        "tel-04-72-00-11-22",
        "+33 4 72 00 11 22",
        "v1.20.3-rc5-dead",
        "feedbeef",
        "deface-rule-0001",
        "https://example.org/a/b/c/d/e/f",
        "Node 1 – 2 – 3",
        "0deadbeef0001",
        "00:11:22:aa:bb",
        "00:11:22:aa:bb-cc",
        "1:2:3:4:5:6:7",
        "http://vm:19190/graph?g0.expr=up%7Bjob%3D%22antenna%22%7D+%3D%3D+0&g0.tab=1",
        "Antenne Héron, côté nord: pas de réponse depuis 5 min",
    ] {
        assert_eq!(masked(macs, text), text);
    }
}

#[test]
fn ip_addresses() {
    for (text, expected) in [
        ("10.0.0.1", "xx.x.x.x"),
        ("192.168.100.254:9100", "xxx.xxx.xxx.xxx:9100"),
        ("http://10.0.0.1:9100/metrics", "http://xx.x.x.x:9100/metrics"),
        ("10.0.0.0/24", "xx.x.x.x/24"),
        ("IP 10.0.0.1.5060 > 10.0.0.2.5060", "IP xx.x.x.x.5060 > xx.x.x.x.5060"),
        ("from 10.0.0.1.", "from xx.x.x.x."),
        ("1.0.0.10.in-addr.arpa", "x.x.x.xx.in-addr.arpa"),
        ("é10.0.0.1é", "éxx.x.x.xé"),
        ("10.0.0.xx", "xx.x.x.xx"),
        ("2026.10.0.0.1", "2026.xx.x.x.x"),
        ("2001:db8::1", "xxxx:xxx::x"),
        ("[2001:DB8::1]:9100", "[xxxx:xxx::x]:9100"),
        ("[::1]:80", "[::x]:80"),
        ("2001:db8::/32", "xxxx:xxx::/32"),
        ("fe80::1%br-lan", "xxxx::x%br-lan"),
        ("fe80::1%eth0:", "xxxx::x%eth0:"),
        ("2001:db8:1:2:3:4:5:6", "xxxx:xxx:x:x:x:x:x:x"),
        ("2001:0db8:0000:0000:0000:ff00:0042:8329", "xxxx:xxxx:xxxx:xxxx:xxxx:xxxx:xxxx:xxxx"),
        ("::ffff:10.0.0.1", "::xxxx:xx.x.x.x"),
        ("64:ff9b::10.0.0.1", "xx:xxxx::xx.x.x.x"),
        ("0:0:0:0:0:ffff:10.0.0.1", "x:x:x:x:x:xxxx:xx.x.x.x"),
        ("src:2001:db8::1: refused", "src:xxxx:xxx::x: refused"),
        ("instance=2001:db8::1, job=x", "instance=xxxx:xxx::x, job=x"),
        ("dad:1:2:3:4:5:6:7:8", "xxx:x:x:x:x:x:x:x:x"),
        ("1700000000:2001:db8::1", "1700000000:xxxx:xxx::x"),
        // in the names of hosts
        ("82-251-10-20.subs.proxad.net", "xx-xxx-xx-xx.subs.proxad.net"),
        ("ip-10-0-0-1", "ip-xx-x-x-x"),
        ("host-192-168-1-1-a", "host-xxx-xxx-x-x-a"),
        ("ip_172_16_0_9", "ip_xxx_xx_x_x"),
        ("1-2-3-4.dyn.example.net", "x-x-x-x.dyn.example.net"),
        ("082-251-010-020", "xxx-xxx-xxx-xxx"),
        // escaped, and not ASCII
        ("2001%3Adb8%3A%3A1", "xxxx%3Axxx%3A%3Ax"),
        ("q=%5B2001%3adb8%3a%3a1%5D", "q=%5Bxxxx%3axxx%3a%3ax%5D"),
        ("١٩٢.١٦٨.١.١", "xxxxxx.xxxxxx.xx.xx"),
        ("１０．０．０．１", "xxxxxx．xxx．xxx．xxx"),
        ("82‐251‐10‐20", "xx‐xxx‐xx‐xx"),
        // what mask_mac leaves
        ("fe80::xxx:xxxx:xxxx:xxxx", "xxxx::xxx:xxxx:xxxx:xxxx"),
        ("2001:db8:1:2:xxx:xxxx:xxxx:xxxx", "xxxx:xxx:x:x:xxx:xxxx:xxxx:xxxx"),
    ] {
        assert_eq!(masked(ips, text), expected, "{text}");
        assert_eq!(masked(ips, expected), expected, "twice: {text}");
    }
}

#[test]
fn no_ip_addresses() {
    for text in [
        "",
        ":",
        "::",
        "12:34:56",
        "at 12:34: gone",
        "1.2.3",
        "OpenWrt 24.10.0",
        "21.11.2026",
        "1.20.3000.4",
        "std::vec::Vec",
        "Error::add",
        "face::std",
        "decade",
        "5.5 dBm, 3.25%",
        "2026-11-21T09:06:51.964939396Z",
        "...",
        "a:b:c:d:e:f",
        "C:\\dir",
        "https://status.example.org:8080/a:b",
        // dates, versions, telephone numbers, names of rules
        "2026-11-21-09",
        "21-11-26-09",
        "rule-1-2-3-4",
        "v24-10-0-5",
        "tel-04-72-00-11-22",
        "1-800-555-123-4",
        "2026-11-21T09:06:51%3A",
        "at 09%3A06%3A51",
        "٢١.١١.٢٠٢٦",
    ] {
        assert_eq!(masked(ips, text), text);
    }
}

#[test]
fn tails() {
    for (text, bytes, expected) in [
        ("station 00:11:22:aa:bb:cc went", 21, "station"),
        ("station 00 11 22 aa bb cc went", 21, "station"),
        ("station 001122aabbcc went", 17, "station"),
        ("from 10.0.0.1 it went", 12, "from"),
        ("from 2001:db8:1::5 it went", 15, "from"),
        ("it lasted a decade or so", 24, "it lasted a decade or"),
        ("it lasted a decade or so", 18, "it lasted"),
        ("is no timeout", 11, "is no"),
        ("no timeout", 8, "no timeo"),
        ("no timeout of a neighbour", 10, "no timeout"),
        ("no timeout of a neighbour", 14, "no timeout of"),
        ("no timeoutofaneighbour", 12, "no timeouto"),
        ("w http://192.0.2.7/graph", 18, "w http://"),
        ("http://192.0.2.7/graph", 13, "http://"),
        ("الهوائي معطل منذ الصباح", 21, "الهوائي"),
        ("الهوائي", 5, "ال"),
        ("هاتف00:11:22:aa:bb:cc", 20, "هاتف"),
        ("var-mac=00%3A11%3A22%3Aaa", 20, "var-mac="),
        ("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", 30, "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"),
        ("    ", 3, ""),
        ("", 0, ""),
    ] {
        assert_eq!(shorten(text, bytes), expected, "{text}");
    }
}

/// Wherever a text is cut, no piece of an address shows that is longer than one of its groups.
#[test]
fn a_cut_shows_no_half_address() {
    for address in [
        "00:11:22:aa:bb:cc",
        "00 11 22 aa bb cc",
        "001122aabbcc",
        "0011.22aa.bbcc",
        "10.20.30.40",
        "2001:db8:1:2:3:4:5:6",
    ] {
        let text = std::format!("{}: {address} went", "Station of a neighbour".repeat(3));
        for end in 0..text.len() {
            // Of one that came cut, the rest is not there to look at.
            for text in [&*text, &text[..end]] {
                let shown = masked(both, shorten(text, end));
                assert!(!shown.contains(['0', '1', '2', '3', '4']), "{shown}");
            }
        }
    }
}

/// Text that is not ASCII is looked at in blocks, and a text may go on in the next one.
#[test]
fn an_address_is_found_wherever_the_end_of_a_block_falls() {
    for address in [
        "00\u{2011}11\u{2011}22\u{2011}33\u{2011}44\u{2011}55",
        "00%3A11%3A22%3A33%3A44%3A55",
        "٠٠١١٢٢٣٣٤٤٥٥",
        "１９８．５１．１００．２０",
        "2001：db8：1：2：3：4：5：6",
    ] {
        for before in 0..400 {
            let text = std::format!("prix\u{a0}x{} {address}", "z".repeat(before));
            let shown = masked(both, &text);
            let seen = shown[text.len() - address.len()..].replace("%3A", "");
            let left = seen.chars().filter(|c| c.is_alphanumeric() && *c != 'x').count();
            assert_eq!(left, 0, "{before}: {shown}");
        }
    }
}

fn soup() -> impl Strategy<Value = String> {
    proptest::collection::vec(
        prop_oneof![
            "[0-9a-fA-Fx]{1,5}",
            "[:._ -]",
            "::|%3A|ff:fe|0x|é|\u{202e}",
            "([0-9a-f]{2}[:-]){5}[0-9a-f]{2}",
            ".{0,3}",
        ],
        0..24,
    )
    .prop_map(|parts| parts.concat())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn any_text(text in soup()) {
        for mask in [macs, ips, both] {
            let shown = masked(mask, &text);
            prop_assert_eq!(shown.len(), text.len());
            for (was, is) in text.bytes().zip(shown.bytes()) {
                prop_assert!(was == is || is == b'x' && (was.is_ascii_hexdigit() || !was.is_ascii()));
            }
        }
    }

    #[test]
    fn any_cut(text in soup(), bytes in 0..60usize) {
        let kept = shorten(&text, bytes);
        prop_assert!(text.starts_with(kept) && kept.len() <= bytes);
    }

    #[test]
    fn any_bytes(mut bytes in proptest::collection::vec(any::<u8>(), 0..80)) {
        let length = bytes.len();
        both(&mut bytes);
        prop_assert_eq!(bytes.len(), length);
    }

    #[test]
    fn any_mac_anywhere(mac: [u8; 6], before in "[^0-9a-zA-Z:]?", after in "[^0-9a-zA-Z:]?", form in 0..5usize) {
        let pairs: std::vec::Vec<String> = mac.iter().map(|byte| std::format!("{byte:02x}")).collect();
        let mac = match form {
            0 => pairs.join(":"),
            1 => pairs.join("-"),
            2 => pairs.concat(),
            3 => std::format!("{}.{}.{}", pairs[..2].concat(), pairs[2..4].concat(), pairs[4..].concat()),
            _ => pairs.join("%3A"),
        };
        let text = std::format!("le poste {before}{mac}{after} y est");
        let shown = masked(macs, &text);
        let hidden: String = mac.replace("%3A", "%%%").chars().map(|c| if c.is_ascii_hexdigit() { 'x' } else { c }).collect();
        prop_assert!(shown.contains(&hidden.replace("%%%", "%3A")), "{}", shown);
    }

    /// Whatever words and signs stand around it, not four digits of it are shown.
    #[test]
    fn any_mac_in_any_name(
        mac: [u8; 6],
        form in 0..8usize,
        before in 0..14usize,
        after in 0..10usize,
        digits in 0..4u8,
    ) {
        let words = [
            "", "node", "sta", "phone", "device", "face", "cafe", "a", "interface", "AP-", "é", "x_",
            "iface:", "هاتف",
        ];
        let ends = ["", ".lan", "z", "-a", "_rssi", "é", " is gone", "cable", "d", "st"];
        let pair = |separator: &str| mac.map(|byte| std::format!("{byte:02x}")).join(separator);
        let bare = pair("");
        let address = match form {
            0 => bare.clone(),
            1 => pair(":"),
            2 => pair("-"),
            3 => pair("/"),
            4 => pair("||"),
            5 => pair("\u{2011}"),
            6 => std::format!("{}.{}.{}", &bare[..4], &bare[4..8], &bare[8..]),
            _ => std::format!("{}-{}", &bare[..6], &bare[6..]),
        };
        let moved = |c: char, by: u32| char::from_u32(u32::from(c) + by).unwrap();
        let written = |c: char| match (digits, c) {
            (1, '0'..='9') => moved(c, 0x630),
            (2, '0'..='9' | 'a'..='f' | ':' | '-' | '.') => moved(c, 0xfee0),
            (3, 'a'..='f') => c.to_ascii_uppercase(),
            _ => c,
        };
        let address: String = address.chars().map(written).collect();
        let (before, after) = (words[before], ends[after]);
        let text = std::format!("{before}{address}{after}");
        let shown = masked(both, &text);
        let seen = &shown[before.len()..shown.len() - after.len()];
        let shows = seen.chars().filter(|c| c.is_alphanumeric() && *c != 'x').count();
        prop_assert!(shows < 4, "{} {}", text, shown);
    }

    #[test]
    fn any_ip_anywhere(v4: std::net::Ipv4Addr, v6: std::net::Ipv6Addr) {
        for address in [std::format!("{v4}"), std::format!("{v6}"), std::format!("[{v6}]:80"), std::format!("{v6}/64")] {
            let text = std::format!("le poste {address} y est");
            let shown = masked(both, &text);
            let shown = shown.trim_start_matches("le poste ").trim_end_matches(" y est").trim_end_matches("]:80").trim_end_matches("/64");
            prop_assert!(!shown.bytes().any(|byte| byte.is_ascii_hexdigit()), "{}", shown);
        }
    }
}
