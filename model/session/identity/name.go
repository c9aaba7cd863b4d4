package identity

import (
	"bytes"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"
)

// wordsOf splits a name into words in lower case: "X-UserId" is x, user, id.
func wordsOf(name string) (words []string) {
	start, lower := 0, false
	for i, c := range name {
		letter := unicode.IsLetter(c) || unicode.IsDigit(c)
		if !letter || unicode.IsUpper(c) && lower {
			if i > start {
				words = append(words, strings.ToLower(name[start:i]))
			}
			if start = i; !letter {
				start++
			}
		}
		lower = unicode.IsLower(c)
	}
	if start < len(name) {
		words = append(words, strings.ToLower(name[start:]))
	}
	return words
}

// userWords are words for people in names.
var userWords = []string{"user", "username", "userid", "uid", "login", "email", "mail", "account", "member", "customer", "subject", "principal", "identity"}

// namesUser reports whether a header field says by its name that it holds the user, as
// gateways add it to a request: X-User-Id, X-Forwarded-Email, Remote-User. name is
// canonical.
func namesUser(name string) bool {
	if name == "User-Agent" || strings.HasPrefix(name, "Sec-") {
		return false
	}
	words := wordsOf(name)
	if n := len(words); n > 1 && slices.Contains([]string{"id", "name", "email", "uuid"}, words[n-1]) {
		words = words[:n-1]
	}
	return len(words) > 0 && slices.Contains(userWords, words[len(words)-1])
}

// credential reports whether a parameter of the query says by its name that it tells who
// sends the request.
func credential(name string) bool {
	words := wordsOf(name)
	if len(words) == 0 || slices.ContainsFunc(words, func(w string) bool { return slices.Contains(otherWords, w) }) {
		return false
	}
	last := words[len(words)-1]
	if last == "id" && len(words) > 1 {
		last = words[len(words)-2]
	}
	return slices.ContainsFunc(credentialEnds, func(end string) bool { return strings.HasSuffix(last, end) })
}

// credentialEnds end the last word of the names of credentials, otherWords are words in
// names of values that go from user to user.
var (
	credentialEnds = []string{"token", "key", "auth", "session", "sess", "sid", "sessionid", "cid", "clientid", "client", "uid", "userid", "visitor", "visitorid", "device", "deviceid", "anonymous", "anonymousid", "jwt"}
	otherWords     = []string{"page", "next", "prev", "cursor", "continuation", "sync", "csrf", "xsrf", "reset", "invite", "share", "state", "nonce"}
)

// clientWords are words for sessions and clients in names.
var clientWords = []string{"session", "sid", "device", "visitor", "anonymous", "installation"}

// ofClient reports whether a field says by its name that it is the id of a session or of a
// client.
func ofClient(name string) bool {
	joined := strings.Join(wordsOf(name), "")
	return slices.ContainsFunc(clientWords, func(w string) bool { return strings.HasSuffix(strings.TrimSuffix(joined, "id"), w) || joined == w })
}

// mayTell reports whether a body may have a field of a session or of a client.
func mayTell(body []byte) bool {
	lower := bytes.ToLower(body)
	return slices.ContainsFunc(clientWords, func(w string) bool { return bytes.Contains(lower, []byte(w)) })
}

// numbered reports whether a value holds a number that is too long to be a count or a
// time: "GA1.2.918273645.1577836800". Of two numbers that may be times one must be far from
// that of the request.
func numbered(value string, now time.Time) bool {
	times, far := 0, false
	for run := range strings.FieldsFuncSeq(value[:min(len(value), maxName)], func(c rune) bool { return c < '0' || c > '9' }) {
		if len(run) < 9 || len(run) > 18 {
			continue
		}
		n, _ := strconv.ParseInt(run, 10, 64) // at most 18 digits
		for n > latest {
			n /= 1000 // of milliseconds and the like
		}
		if n < earliest {
			return true
		}
		times++
		far = far || max(n-now.Unix(), now.Unix()-n) > near
	}
	return times > 1 && far
}

// Bounds of times, in Unix seconds: those of 2001 to 2033, and how far from a request
// those are that its client may have taken.
const (
	earliest = 1_000_000_000
	latest   = 2_000_000_000
	near     = 7 * 24 * 60 * 60
)
