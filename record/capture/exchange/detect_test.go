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
	for p, want := range map[string]speech{
		"\x00\x00\x00\x04\x01\x00\x00\x00\x00":            speaksFrames,
		"\x00\x00\x02\x00\x01\x00\x00\x00\x03ab":          speaksFrames,
		"\x00\x00\x02\x00\x01\x00\x00\x00\x03ab and more": speaksFrames, // whatever follows
		"\x00\x00\x02\x00\x01\x00\x00\x00\x03a":           speaksMore,   // not the whole of it
		"\x00\x00\x02":                                    speaksMore,
		"\x00\x00\x00\x04\x01\x00\x00\x00\x01":            speaksOther, // SETTINGS of a stream
		"\x00\x00\x02\x00\x01\x00\x00\x00\x00":            speaksOther, // DATA without a stream
		"\x00\x00\x02\x0a":                                speaksOther, // no such frame
		"\x7f":                                            speaksOther, // too long
		"tail of some content":                            speaksOther,
	} {
		if got := frameSpeech([]byte(p)); got != want {
			t.Errorf("frameSpeech(%q) is %d, want %d", p, got, want)
		}
	}
}
