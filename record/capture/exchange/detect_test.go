package exchange

import "testing"

func TestIsRequest(t *testing.T) {
	for p, want := range map[string]bool{
		"GET / HTTP/1.1\r\nHost: a\r\n\r\n":    true,
		"\r\nGET / HTTP/1.1\r\n":               true,
		"BREW /pot HTTP/1.0\n":                 true,
		"GET /a/very/long/target/that/goes/on": true,
		"GET http://shop.test/a":               true,
		"CONNECT shop.test:443 HTTP/1.1\r\n":   true,
		"OPTIONS\r\nHost: a\r\n":               true,
		preface:                                true,
		"\x16\x03\x01\x00\x05\x01":             true,
		"\x16\x03\x03\x00\x05\x02":             false,
		"\x17\x03\x03\x00\x05\x01":             false,
		"HTTP/1.1 200 OK\r\n":                  false,
		"GET /zeek.html\r\n":                   false,
		"GET / HTTP/2.0\r\n":                   false,
		"SSH-2.0-OpenSSH_8.7\r\n":              false,
		"EHLO mail.test\r\n":                   false,
		"G":                                    false,
		"":                                     false,
		"\x00\x01\x02":                         false,
	} {
		if got := IsRequest([]byte(p)); got != want {
			t.Errorf("IsRequest(%q) is %t", p, got)
		}
	}
}

func TestFramesOfHTTP2AreRecognised(t *testing.T) {
	for p, want := range map[string]bool{
		"\x00\x00\x00\x04\x01\x00\x00\x00\x00":                                       true,
		"\x00\x00\x02\x00\x01\x00\x00\x00\x03ab\x00\x00\x00\x04\x01\x00\x00\x00\x00": true,
		"\x00\x00\x02\x00\x01\x00\x00\x00\x03ab\x00\x00\x00\x04\x01\x00\x00\x00\x01": false, // SETTINGS of a stream
		"\x00\x00\x02\x00\x01\x00\x00\x00\x00ab":                                     false, // DATA of no stream
		"\x00\x00\x02\x00\x01\x00\x00\x00\x03a":                                      false, // not one whole frame
		"\x7f\x00\x02\x00\x01\x00\x00\x00\x03":                                       false, // too long
		"tail of some content that is no frame":                                      false,
	} {
		if got := isFrames([]byte(p)); got != want {
			t.Errorf("isFrames(%q) is %t", p, got)
		}
	}
}
