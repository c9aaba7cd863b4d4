package redact

import (
	"bytes"
	"encoding/base64"
	"encoding/binary"
	"slices"
	"strings"
)

// events walks server-sent events. Each line is walked on its own, but for the data of an
// event in several lines, which is walked as one text.
func (w *walker) events(b []byte) {
	for len(b) > 0 {
		if n, lines := dataLines(b); lines > 1 && w.depth < maxDepth {
			w.joined(b[:n])
			b = b[n:]
			continue
		}
		end := bytes.IndexAny(b, "\r\n")
		if end < 0 {
			end = len(b)
		}
		if _, value, ok := bytes.Cut(b[:end], []byte(":")); ok {
			w.field(plain, bytes.TrimPrefix(value, []byte(" ")))
		} else {
			w.text(b[:end])
		}
		b = b[min(end+1, len(b)):]
	}
}

// dataLines returns the length of the lines of data that b begins with, and their number.
func dataLines(b []byte) (n, lines int) {
	for bytes.HasPrefix(b[n:], []byte("data:")) {
		lines++
		end := bytes.IndexByte(b[n:], '\n')
		if end < 0 {
			return len(b), lines
		}
		n += end + 1
	}
	return n, lines
}

// joined walks the data of an event in several lines.
func (w *walker) joined(b []byte) {
	mark, outer := len(w.arena), w.changed
	for line := range bytes.Lines(b) {
		w.arena = append(w.arena, line[len("data:"):]...)
	}
	d := w.arena[mark:len(w.arena):len(w.arena)]
	w.changed = false
	w.depth++
	w.field(plain, d)
	w.depth--
	if w.changed {
		for line := range bytes.Lines(b) {
			d = d[copy(line[len("data:"):], d):]
		}
	}
	w.changed = w.changed || outer
	w.arena = w.arena[:mark]
}

// protobuf walks a message of Protocol Buffers. Its fields have no names: strings are
// walked as text, but for those of calls that log in. If b is not such a message, all of
// it is walked as text.
func (w *walker) protobuf(b []byte) {
	if w.depth >= maxDepth || !isProtobuf(b) {
		w.text(b)
		return
	}
	w.depth++
	for len(b) > 0 {
		_, value, n := protobufField(b)
		switch {
		case len(value) == 0:
		case !readable(value):
			w.protobuf(value)
		case w.login == loginSent:
			w.login = loginNamed
			w.field(plain, value)
		case w.login == loginNamed:
			w.secret(value, KindPassword)
		case w.login == loginAnswered && random(value):
			w.secret(value, KindToken)
		default:
			w.field(plain, value)
		}
		b = b[n:]
	}
	w.depth--
}

// A login says which strings of a gRPC message are secrets.
type login uint8

const (
	loginNone     login = iota
	loginSent           // a request that logs in: no string has been met, the first is a name
	loginNamed          // so, and the name has been met: the others are passwords
	loginAnswered       // an answer to it: what looks random is a token
)

// logsIn reports whether a method of gRPC, the last segment of its target, sends
// passwords or answers with tokens.
func logsIn(target string) bool {
	target, _, _ = strings.Cut(target, "?")
	method := target[strings.LastIndexByte(target, '/')+1:]
	words := wordsOf(method)
	has := func(list []string) bool {
		return slices.ContainsFunc(words, func(word string) bool { return slices.Contains(list, singularOf(word)) })
	}
	if has(loginWords) || strings.Contains(strings.ToLower(method), "signup") || strings.Contains(strings.ToLower(method), "signin") {
		return true
	}
	return has(makingWords) && has(accountWords)
}

// Words in the names of methods: loginWords of those that log in or set a password. A
// method that has one of makingWords and one of accountWords makes an account.
var (
	loginWords   = []string{"authenticate", "authentication", "login", "logon", "signin", "signup", "register", "token", "password", "passwd", "secret", "credential", "otp"}
	makingWords  = []string{"create", "add", "new", "set", "change", "update", "put", "open", "start"}
	accountWords = []string{"user", "account", "session"}
)

func isProtobuf(b []byte) bool {
	for len(b) > 0 {
		_, _, n := protobufField(b)
		if n == 0 {
			return false
		}
		b = b[n:]
	}
	return true
}

// protobufField reads one field. It returns its number, the bytes of a length-delimited
// value, and the length of the whole field, or 0 if there is none.
func protobufField(b []byte) (number uint64, value []byte, length int) {
	key, n := binary.Uvarint(b)
	if n <= 0 || key>>3 == 0 {
		return 0, nil, 0
	}
	switch key & 7 {
	case 0:
		_, m := binary.Uvarint(b[n:])
		if m <= 0 {
			return 0, nil, 0
		}
		return key >> 3, nil, n + m
	case 1, 5:
		size := 8
		if key&7 == 5 {
			size = 4
		}
		if len(b) < n+size {
			return 0, nil, 0
		}
		return key >> 3, nil, n + size
	case 2:
		size, m := binary.Uvarint(b[n:])
		if m <= 0 || size > uint64(len(b)-n-m) {
			return 0, nil, 0
		}
		end := n + m + int(size)
		return key >> 3, b[n+m : end], end
	}
	return 0, nil, 0
}

// framedText walks the messages of a body of gRPC-Web in base64.
func (w *walker) framedText(b []byte) bool {
	data, err := base64.StdEncoding.DecodeString(string(b))
	if err != nil || !w.framed(data) {
		return false
	}
	base64.StdEncoding.Encode(b, data)
	return true
}

// framed walks the messages of a gRPC body. Before each message stand five bytes of flag
// and length. It reports false if a message is compressed, because that cannot be read.
// The trailers at the end of a body of gRPC-Web are lines of text.
func (w *walker) framed(b []byte) bool {
	for len(b) >= 5 {
		if b[0]&1 != 0 {
			return false
		}
		end := 5 + min(uint64(binary.BigEndian.Uint32(b[1:])), uint64(len(b)-5))
		if b[0]&0x80 != 0 {
			w.text(b[5:end])
		} else {
			w.protobuf(b[5:end])
		}
		b = b[end:]
	}
	return true
}
