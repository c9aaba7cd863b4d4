package formula

import (
	"crypto/md5"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"strings"
)

// A Challenge is what a target asks in WWW-Authenticate, or what a client answers in
// Authorization, of the scheme Digest (RFC 7616). Names of parameters are in lower case.
type Challenge map[string]string

// ParseDigest reads a field value that begins with the scheme, or holds it behind others.
// It returns nil if there is no Digest in it.
func ParseDigest(value string) Challenge {
	at := 0
	for !strings.HasPrefix(strings.ToLower(value[at:]), "digest ") {
		next := strings.Index(value[at:], ", ")
		if next < 0 {
			return nil
		}
		at += next + 2
	}
	rest := value[at+len("digest "):]
	c := Challenge{}
	for {
		rest = strings.TrimLeft(rest, " ,\t")
		name, after, ok := strings.Cut(rest, "=")
		if name = strings.TrimSpace(name); !ok || strings.ContainsAny(name, " \t") { // the next scheme
			break
		}
		var v string
		v, rest = parameter(strings.TrimLeft(after, " "))
		if _, had := c[strings.ToLower(name)]; !had {
			c[strings.ToLower(name)] = v
		}
	}
	if c["nonce"] == "" {
		return nil
	}
	return c
}

// parameter reads a token or a quoted string.
func parameter(s string) (value, rest string) {
	if !strings.HasPrefix(s, `"`) {
		value, rest, _ = strings.Cut(s, ",")
		return strings.TrimSpace(value), rest
	}
	var b strings.Builder
	for i := 1; i < len(s); i++ {
		switch {
		case s[i] == '"':
			return b.String(), s[i+1:]
		case s[i] == '\\' && i+1 < len(s):
			i++
		}
		b.WriteByte(s[i])
	}
	return b.String(), ""
}

// digestHash returns the hash function of an algorithm, nil if it is unknown, and whether
// the password is hashed together with the session's nonces.
func digestHash(algorithm string) (fn func() hash.Hash, session bool) {
	name, session := strings.CutSuffix(strings.ToUpper(algorithm), "-SESS")
	switch name {
	case "", "MD5":
		return md5.New, session
	case "SHA-256":
		return sha256.New, session
	case "SHA-512-256":
		return sha512.New512_256, session
	}
	return nil, false
}

// Response computes the response to a challenge. answer is what the client adds: username,
// uri, cnonce, nc and qop; realm, nonce and algorithm may stand there too. It returns "" if
// the algorithm is unknown.
func (c Challenge) Response(answer Challenge, password, method, body string) string {
	of := func(name string) string {
		if v := answer[name]; v != "" {
			return v
		}
		return c[name]
	}
	fn, session := digestHash(of("algorithm"))
	if fn == nil {
		return ""
	}
	h := func(parts ...string) string { return hex.EncodeToString(sum(fn(), strings.Join(parts, ":"))) }
	user := h(answer["username"], of("realm"), password)
	if session {
		user = h(user, of("nonce"), answer["cnonce"])
	}
	request := h(method, answer["uri"])
	if answer["qop"] == "auth-int" {
		request = h(method, answer["uri"], h(body))
	}
	if answer["qop"] == "" {
		return h(user, of("nonce"), request)
	}
	return h(user, of("nonce"), answer["nc"], answer["cnonce"], answer["qop"], request)
}

// digest answers a challenge: digest(challenge, user, password).
func digest(env *Env, args []string) (string, error) {
	c := ParseDigest(args[0])
	if c == nil {
		return "", errors.New("the challenge is none of the scheme Digest")
	}
	part := func(name string) (v string, err error) {
		if v, err = env.Value(name); err != nil {
			return "", fmt.Errorf("%s: %w", name, err)
		}
		return v, nil
	}
	var request [3]string
	for i, name := range []string{Method, Target, Body} {
		var err error
		if request[i], err = part(name); err != nil {
			return "", err
		}
	}
	answer := Challenge{"username": args[1], "uri": request[1]}
	_, session := digestHash(c["algorithm"])
	if qop := c["qop"]; qop != "" {
		answer["qop"] = "auth"
		if !hasItem(qop, "auth") {
			answer["qop"] = "auth-int"
		}
		answer["nc"] = fmt.Sprintf("%08x", env.Count(c["nonce"]))
	}
	if session || answer["qop"] != "" {
		answer["cnonce"] = fmt.Sprintf("%016x", env.Random.Uint64())
	}
	response := c.Response(answer, args[2], request[0], request[2])
	if response == "" {
		return "", fmt.Errorf("the algorithm %q is not known", c["algorithm"])
	}
	return c.credentials(answer, response), nil
}

// hasItem reports whether a list of tokens has one.
func hasItem(list, item string) bool {
	for x := range strings.SplitSeq(list, ",") {
		if strings.EqualFold(strings.TrimSpace(x), item) {
			return true
		}
	}
	return false
}

// credentials writes the answer to a challenge as a field value.
func (c Challenge) credentials(answer Challenge, response string) string {
	quote := func(s string) string { return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(s) + `"` }
	out := "Digest username=" + quote(answer["username"]) + ", realm=" + quote(c["realm"]) + ", nonce=" + quote(c["nonce"]) +
		", uri=" + quote(answer["uri"]) + ", response=" + quote(response)
	if v := c["algorithm"]; v != "" {
		out += ", algorithm=" + v
	}
	if v := c["opaque"]; v != "" {
		out += ", opaque=" + quote(v)
	}
	if v := answer["qop"]; v != "" {
		out += ", qop=" + v + ", nc=" + answer["nc"]
	}
	if v := answer["cnonce"]; v != "" {
		out += ", cnonce=" + quote(v)
	}
	return out
}
