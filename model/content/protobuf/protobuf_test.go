package protobuf

import (
	"bytes"
	"fmt"
	"strings"
	"testing"
)

func TestTextOfMessages(t *testing.T) {
	for _, c := range []struct{ name, message, text string }{
		{"nothing", "", ""},
		{"a string and a number", "\x0a\x03key\x10\x96\x01", `1:"key" 2:150`},
		{"quotes and lines", "\x0a\x04\"\\\né"[:5] + "x", `1:"\"\\\nx"`},
		{"a message in a message", "\x1a\x06\x0a\x04\x0a\x02ab", `3:{1:{1:"ab"}}`},
		{"bytes", "\x22\x03\xff\x00\x01", `4:'ff0001'`},
		{"numbers of fixed length", "\x2d\x00\x00\x80\x3f\x31\x01\x02\x03\x04\x05\x06\x07\x08", `5:0x0000803f 6:0x0102030405060708`},
		{"repeated fields", "\x0a\x01a\x0a\x01b\x08\x05", `1:"a" 1:"b" 1:5`},
		{"a string of ten in a message", "\x12\x0c\x0a\x0aabcdefghij", `2:{1:"abcdefghij"}`},
		{"the greatest number", "\x08\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01", "1:18446744073709551615"},
	} {
		text, ok := Text([]byte(c.message))
		if text != c.text || !ok {
			t.Errorf("%s: Text(%q) = %s, %v, want %s", c.name, c.message, text, ok, c.text)
		}
		if b, ok := Bytes(c.text); string(b) != c.message || !ok {
			t.Errorf("%s: Bytes(%s) = %q, %v, want %q", c.name, c.text, b, ok, c.message)
		}
	}
}

func TestWhatIsNoMessage(t *testing.T) {
	for _, b := range []string{"\x0a", "\x0a\x05ab", "\x00\x01", "\x0b\x0c", "\x08\x80\x00", "\x08"} {
		if text, ok := Text([]byte(b)); ok {
			t.Errorf("Text(%q) = %s", b, text)
		}
	}
	for _, s := range []string{"1", "0:1", "x:1", `1:"a`, "1:'f'", "1:'zz'", "1:{2:3", "1:0x00", "1:}", `1:"\x"`, "}"} {
		if b, ok := Bytes(s); ok {
			t.Errorf("Bytes(%q) = %q", s, b)
		}
	}
	if b, ok := Bytes(`1:"\u0001\u00e9"`); !ok || string(b) != "\x0a\x03\x01é" {
		t.Errorf("escapes by number: %q, %v", b, ok)
	}
	if b, ok := Bytes("1:many 2:7"); !ok || string(b) != "\x08\x00\x10\x07" {
		t.Errorf("a number that is none: %q, %v", b, ok)
	}
}

func TestWalksAgree(t *testing.T) {
	message := []byte("\x0a\x03key\x10\x96\x01\x1a\x06\x0a\x04\x0a\x02ab\x22\x03\xff\x00\x01\x2d\x00\x00\x80\x3f\x0a\x01b")
	if got := walked(message); got != "1=key 2=150 3.1.1=ab 1=b " {
		t.Errorf("Walk visits %s", got)
	}
	agree(t, message)
}

func walked(b []byte) string {
	var out strings.Builder
	Walk(b, func(path []int, value string) { fmt.Fprintf(&out, "%s=%s ", Path(path), value) })
	return out.String()
}

// agree checks that both walks visit the same values, those of the text still escaped.
func agree(t *testing.T, message []byte) {
	t.Helper()
	text, ok := Text(message)
	if !ok {
		return
	}
	var out strings.Builder
	WalkText(text, func(path []int, start, end int, quoted bool) {
		value := text[start:end]
		if quoted {
			p := parser{s: text, at: start - 1}
			value = string(p.quoted())
		}
		fmt.Fprintf(&out, "%s=%s ", Path(path), value)
	})
	if got, want := out.String(), walked(message); got != want {
		t.Errorf("WalkText(%s) visits %s, Walk visits %s", text, got, want)
	}
}

// FuzzText checks that Bytes is the inverse of Text.
func FuzzText(f *testing.F) {
	f.Add([]byte("\x0a\x03key\x10\x96\x01\x1a\x06\x0a\x04\x0a\x02ab"))
	f.Add([]byte("\x22\x03\xff\x00\x01\x2d\x00\x00\x80\x3f"))
	f.Add([]byte(`1:"a" 2:{3:'00ff'}`))
	f.Fuzz(func(t *testing.T, b []byte) {
		if text, ok := Text(b); ok {
			if again, ok := Bytes(text); !ok || !bytes.Equal(again, b) {
				t.Errorf("Bytes(%s) = %q, want %q", text, again, b)
			}
			agree(t, b)
		}
		Bytes(string(b))
		WalkText(string(b), func([]int, int, int, bool) {})
	})
}
