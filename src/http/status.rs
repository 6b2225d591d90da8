//! Status codes with their reason phrases.

macro_rules! statuses {
    ($($name:ident $code:literal $reason:literal)+) => {
        /// A status that this server sends (RFC 9110, section 15; RFC 6585 for 429 and 431).
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum Status {
            $(#[doc = concat!(stringify!($code), " ", $reason)] $name,)+
        }

        impl Status {
            /// All of them, in order.
            pub const ALL: &[Self] = &[$(Self::$name),+];
        }

        /// By position in the enumeration.
        const LINES: &[(u16, &str)] = &[$(($code, concat!($code, " ", $reason))),+];
    };
}

statuses! {
    Continue 100 "Continue"
    Ok 200 "OK"
    NoContent 204 "No Content"
    MovedPermanently 301 "Moved Permanently"
    NotModified 304 "Not Modified"
    BadRequest 400 "Bad Request"
    Unauthorized 401 "Unauthorized"
    Forbidden 403 "Forbidden"
    NotFound 404 "Not Found"
    MethodNotAllowed 405 "Method Not Allowed"
    RequestTimeout 408 "Request Timeout"
    ContentTooLarge 413 "Content Too Large"
    UriTooLong 414 "URI Too Long"
    UnsupportedMediaType 415 "Unsupported Media Type"
    ExpectationFailed 417 "Expectation Failed"
    TooManyRequests 429 "Too Many Requests"
    HeadTooLarge 431 "Request Header Fields Too Large"
    InternalServerError 500 "Internal Server Error"
    NotImplemented 501 "Not Implemented"
    ServiceUnavailable 503 "Service Unavailable"
    VersionNotSupported 505 "HTTP Version Not Supported"
    InsufficientStorage 507 "Insufficient Storage"
}

impl Status {
    fn row(self) -> (u16, &'static str) {
        LINES.get(self as usize).copied().unwrap_or((500, "500 Internal Server Error"))
    }
    /// The three digits.
    pub fn code(self) -> u16 {
        self.row().0
    }
    /// The three digits and the reason phrase: `404 Not Found`.
    pub fn line(self) -> &'static str {
        self.row().1
    }
    /// Whether something went wrong. What is not there is asked for by every browser.
    pub fn is_fault(self) -> bool {
        self.code() >= 400 && self != Self::NotFound
    }
    /// Whether an answer with this status has no content, and so neither `Content-Length` nor
    /// `Transfer-Encoding` (RFC 9110, section 8.6; RFC 9112, section 6.1).
    pub fn is_bodiless(self) -> bool {
        matches!(self, Self::Continue | Self::NoContent | Self::NotModified)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_and_phrases_agree() {
        for (status, code, line) in [
            (Status::Continue, 100, "100 Continue"),
            (Status::Ok, 200, "200 OK"),
            (Status::NotFound, 404, "404 Not Found"),
            (Status::HeadTooLarge, 431, "431 Request Header Fields Too Large"),
            (Status::InsufficientStorage, 507, "507 Insufficient Storage"),
        ] {
            assert_eq!((status.code(), status.line()), (code, line));
        }
        assert!(LINES.is_sorted_by(|a, b| a.0 < b.0));
    }
}
